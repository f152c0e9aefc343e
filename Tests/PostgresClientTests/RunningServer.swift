import TestKit
import Testing

/// Gives a suite one server for all its tests, and stops it when the last one has ended.
struct RunningServer: SuiteTrait, TestScoping {
    @TaskLocal static var current: PostgresFixture?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await Self.$current.withValue(try PostgresFixture()) {
            try await function()
        }
    }
}
