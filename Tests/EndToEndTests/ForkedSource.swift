import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

/// What the product never does by itself: a source that goes on along another timeline, and archives that
/// into the same repository.
struct ForkedSource {
    let product: ProductUnderTest
    let server: ManagedServer

    private var aside: String { server.folder + "/aside" }

    /// Crashes the server and promotes its own data directory to a new timeline, in the middle of a segment.
    func promote() throws {
        ProductUnderTest.endPostmaster(server.dataDirectory)
        try promoteStopped()
    }

    /// Stops the server, keeps a copy of its data, and promotes it to a new timeline.
    func branch() throws {
        try product.json("stop", "-n", server.name)
        try RunAs().runChecked(Command("cp", ["-a", server.dataDirectory, aside]))
        try promoteStopped()
    }

    private func promoteStopped() throws {
        let signal = server.dataDirectory + "/standby.signal"
        try DurableFiles.write([], to: signal)
        try RunAs.handOver(signal)
        try control(["start", "-D", server.folder + "/conf", "-l", server.logDirectory + "/promotion.log"])
        try control(["promote", "-D", server.dataDirectory])
        try control(["stop", "-D", server.dataDirectory, "-m", "fast"])
        try product.json("start", "-n", server.name)
    }

    /// Goes on with the data that was kept; what the server had is kept instead.
    func exchange() throws {
        try product.json("stop", "-n", server.name)
        try DurableFiles.rename(server.dataDirectory, to: aside + ".other")
        try DurableFiles.rename(aside, to: server.dataDirectory)
        try DurableFiles.rename(aside + ".other", to: aside)
        try product.json("start", "-n", server.name)
    }

    /// Ends the segment at hand, waits until it is archived, and answers its name.
    @discardableResult
    func archive() throws -> String {
        let connection = try server.superuser()
        let name = try #require(try connection.value("SELECT pg_walfile_name(pg_switch_wal())"))
        let path = archived(name)
        try #require(ProductUnderTest.eventually { DurableFiles.status(path) != nil })
        return name
    }

    /// Where a segment lies in the archive.
    func archived(_ name: String) -> String {
        "\(server.repository)/wal/\(name.prefix(8))/\(name).zst"
    }

    /// Hands a history to the archive, as PostgreSQL would.
    func push(history text: String, of timeline: UInt32) throws {
        let name = TimelineID(timeline).fileName + ".history"
        let path = product.scratch.file(name)
        try DurableFiles.write(Array(text.utf8), to: path)
        try RunAs.handOver(path)
        let library = product.home + "/lib"
        let helper = try #require(try DurableFiles.list(library).first { $0.hasPrefix("pitr-wal") })
        try RunAs().runChecked(Command(library + "/" + helper, ["push", server.repository, path, name]))
    }

    private func control(_ arguments: [String]) throws {
        try RunAs().runChecked(
            Command(
                PostgresFixture.binDirectory + "/pg_ctl", arguments + ["-w", "-t", "60"],
                workingDirectory: "/", timeoutSeconds: 90))
    }
}
