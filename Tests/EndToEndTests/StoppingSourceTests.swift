#if canImport(Glibc)
    import Glibc
#endif
import PostgresClient
import TestKit
import Testing

extension EndToEnd {
    /// Restores of a source that is neither up nor down.
    struct StoppingSourceTests {
        @Test func `a source that is shutting down is waited for, and its files are read then`() throws {
            try ProductUnderTest.use("stopping") { product in
                let source = try product.create("orders")
                let session = try source.superuser()
                try session.execute("CREATE TABLE kept AS SELECT generate_series(1, 100) AS id")
                let postmaster = try #require(ProductUnderTest.postmaster(of: source.dataDirectory))
                // A smart shutdown: it waits for this session, and turns every other one away.
                kill(postmaster, SIGTERM)
                #expect(ProductUnderTest.eventually { (try? source.superuser()) == nil })

                let restore = try product.start(["restore", "-n", "copy", "--source-server", "orders"])
                var status: Int32 = -1
                let hasEnded = ProductUnderTest.eventually(seconds: 2) {
                    waitpid(restore, &status, WNOHANG) == restore
                }
                #expect(!hasEnded, "it did not wait: status \(status)")
                session.close()
                #expect(
                    ProductUnderTest.eventually(seconds: 60) {
                        hasEnded || waitpid(restore, &status, WNOHANG) == restore
                    })
                #expect(status == 0)
                let copy = try product.server("copy").superuser()
                #expect(try copy.query("SELECT count(*) FROM kept").scalar == "100")
            }
        }
    }
}
