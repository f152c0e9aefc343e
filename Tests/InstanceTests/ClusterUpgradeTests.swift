import PostgresFormat
import Testing

@testable import Instance

/// What pg_upgrade says, and what initdb is told for it.
struct ClusterUpgradeTests {
    @Test func `checks that passed are no reason against an upgrade`() {
        let output = """
            Performing Consistency Checks on Old Live Server
            ------------------------------------------------
            Checking cluster versions                                     ok
            Checking database user is the install user                    ok
            Checking for presence of required libraries                   ok

            *Clusters are compatible*
            """
        let (words, files) = ClusterUpgrade.reasons(in: output)
        #expect(words == ["*Clusters are compatible*"])
        #expect(files == [])
    }

    @Test func `a library that is missing is told with the file that names it`() {
        let output = """
            Performing Consistency Checks
            -----------------------------
            Checking cluster versions                                     ok
            Checking for presence of required libraries                   fatal

            Your installation references loadable libraries that are missing from the
            new installation.  You can add these libraries to the new installation,
            or remove the functions using them from the old installation.  A list of
            problem libraries is in the file:
                /h/new/pg_upgrade_output.d/20261130T051604.123/loadable_libraries.txt
            Failure, exiting
            """
        let (words, files) = ClusterUpgrade.reasons(in: output)
        #expect(words.count == 5)
        #expect(words.first?.hasPrefix("Checking for presence of required libraries") == true)
        #expect(words.first?.hasSuffix("fatal") == true)
        #expect(words.last == "problem libraries is in the file:")
        #expect(files == ["/h/new/pg_upgrade_output.d/20261130T051604.123/loadable_libraries.txt"])
    }

    @Test func `a cluster is made like the one whose files it takes over`() {
        #expect(ClusterShape().options(.v15) == ["--data-checksums"])
        #expect(ClusterShape().options(.v18) == ["--data-checksums"])
        let plain = ClusterShape(hasChecksums: false, segmentMiB: 64)
        #expect(plain.options(.v17) == ["--wal-segsize=64"])
        #expect(plain.options(.v18) == ["--wal-segsize=64", "--no-data-checksums"])
    }
}
