import Platform
import PostgresClient
import TestKit
import Testing

/// A stanza of pgBackRest, as a server of the tests has it: its configuration, and the program run with it.
struct BackrestStanza {
    let program: String
    let scratch: ScratchDirectory

    /// - Parameter folders: made beside the configuration, its repositories among them.
    init(_ program: String, in scratch: ScratchDirectory, folders: [String]) throws {
        self.program = program
        self.scratch = scratch
        for name in folders + ["lock"] { try scratch.directory(name) }
    }

    private var place: String { scratch.file("pgbackrest.conf") }

    /// A server that archives into it, once the stanza is of that one.
    ///
    /// - Parameter repositories: the lines that tell of them.
    func server(
        of programs: String = PostgresFixture.binDirectory, repositories: [String]
    ) throws -> PostgresFixture {
        let command = "\(program) --config=\(place) --stanza=main archive-push %p"
        let server = try PostgresFixture(
            settings: ["archive_mode": "on", "archive_command": command], programs: programs)
        let text = """
            [global]
            log-level-console=warn
            log-level-file=off
            lock-path=\(scratch.file("lock"))
            start-fast=y
            compress-type=zst
            \(repositories.joined(separator: "\n"))
            [main]
            pg1-path=\(server.dataDirectory)
            pg1-socket-path=\(server.socketDirectory)
            pg1-port=\(server.port)
            pg1-user=\(PostgresFixture.superuser)

            """
        try RunAs().runChecked(Command("tee", [place], standardInput: text))
        return server
    }

    func run(_ arguments: String...) throws {
        try RunAs().runChecked(
            Command(
                program, ["--config=\(place)", "--stanza=main"] + arguments, workingDirectory: "/",
                timeoutSeconds: 50))
    }

    /// The label of the newest backup in a repository.
    func newest(in repository: String) throws -> String {
        let labels = try DurableFiles.list(scratch.file("\(repository)/backup/main")).filter {
            $0.hasPrefix("2")
        }
        return try #require(labels.max())
    }
}
