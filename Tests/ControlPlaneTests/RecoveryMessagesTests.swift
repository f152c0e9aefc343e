import Testing

@testable import ControlPlane

struct RecoveryMessagesTests {
    @Test func `what PostgreSQL logged is told where it belongs, all of it and in its order`() {
        let log = """
            2026-11-29 17:18:20.914 UTC [4] LOG:  starting PostgreSQL 15.18
            2026-11-29 17:18:20.930 UTC [9] LOG:  starting point-in-time recovery to WAL location (LSN) "0/3178D80"
            2026-11-29 17:18:20.939 UTC [9] LOG:  redo starts at 0/2000028
            2026-11-29 17:18:20.939 UTC [9] LOG:  consistent recovery state reached at 0/2000100
            2026-11-29 17:18:20.974 UTC [9] LOG:  recovery stopping before WAL location (LSN) "0/3178D80"
            2026-11-29 17:18:20.974 UTC [9] LOG:  redo done at 0/3178D80 system usage: CPU: user: 0.01 s
            2026-11-29 17:18:20.986 UTC [9] LOG:  selected new timeline ID: 2
            2026-11-29 17:18:21.024 UTC [4] LOG:  database system is ready to accept connections
            2026-11-29 17:18:21.146 UTC [4] LOG:  received fast shutdown request
            2026-11-29 17:18:21.190 UTC [4] LOG:  redo starts at a later time, says somebody

            """
        let messages = RecoveryMessages(log)
        #expect(RecoveryMessages.Stage.allCases.map { messages[$0].count } == [2, 2, 2, 2, 2])
        #expect(
            RecoveryMessages.Stage.allCases.flatMap { messages[$0] }
                == log.split(separator: "\n").map { String($0) })
        #expect(messages[.stop][0].contains("recovery stopping before"))
    }
}
