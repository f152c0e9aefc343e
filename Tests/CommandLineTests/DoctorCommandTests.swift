import ArgumentParser
import Platform
import ServiceModel
import Testing

@testable import pitr

struct DoctorCommandTests {
    private func findings(_ levels: DoctorFinding.Level...) -> [DoctorFinding] {
        levels.map { DoctorFinding(level: $0, subject: "disk", message: "\($0)", remedy: nil) }
    }

    @Test func `fails for problems, and for warnings when it is strict`() throws {
        #expect(DoctorCommand.failure(of: findings(.ok, .warning)) == nil)
        #expect(DoctorCommand.failure(of: findings(.ok), strict: true) == nil)
        let warned = try #require(DoctorCommand.failure(of: findings(.ok, .warning), strict: true))
        #expect(warned.message == "1 warning was found" && warned.code.exitStatus == 1)
        let one = try #require(DoctorCommand.failure(of: findings(.warning, .problem)))
        #expect(one.message == "1 problem was found" && one.detail == "disk: problem")
        let both = try #require(
            DoctorCommand.failure(of: findings(.warning, .problem, .problem), strict: true))
        #expect(both.message == "2 problems and 1 warning were found" && both.detail == "disk: problem")
        let command = try #require(try Pitr.parseAsRoot(["doctor", "--strict"]) as? DoctorCommand)
        #expect(command.strict)
    }
}
