import Notation
import Platform
import PostgresClient
import PostgresFormat
import TestKit
import Testing

#if canImport(Glibc)
    import Glibc
#endif

extension EndToEnd {
    /// A copy does nothing outside by itself.
    @Suite(.serialized)
    struct KeepsToItselfTests {
        @Test func `a copy opens no connection, whatever its source was connected to`() throws {
            try ProductUnderTest.use("to-itself") { product in
                let listener = try Listener()
                try Self.connectedSource(product, listener)
                try Self.expectPlanTells(product)
                try product.json("stop", "-n", "orders")

                try listener.listen()
                let answer = try product.run(["restore", "-s", "orders", "-n", "copy"]).value()["local"]
                try product.waitForFirstBackup(of: "copy")
                // A worker that failed at the first start would try again at the next.
                try product.json("restart", "-n", "copy")
                try #require(!listener.waits(milliseconds: 2000), "the copy has connected")
                let copy = try product.server("copy").superuser()
                try copy.execute("SET statement_timeout = '10s'")
                #expect(
                    try copy.value(
                        "SELECT subname || subenabled || coalesce(subslotname, '-') FROM pg_subscription")
                        == "Sub 1false-")
                #expect(try copy.value("SHOW shared_preload_libraries") == "")
                try Self.expectTold(answer)

                // Nor does it speak to the publisher when a person drops the subscription.
                try copy.execute("ALTER EVENT TRIGGER calls DISABLE")
                try copy.execute("DROP SUBSCRIPTION \"Sub 1\"")
                #expect(!listener.waits(milliseconds: 0))
            }
        }

        /// A server with all that may act on the outside, at the port of the listener.
        private static func connectedSource(_ product: ProductUnderTest, _ listener: Listener) throws {
            let source = try product.create("orders")
            try product.json(
                "parameter", "set", "-s", "orders", "-n", "shared_preload_libraries", "-v", "pg_prewarm")
            try product.json("restart", "-n", "orders")
            let connection = try source.superuser()
            defer { connection.close() }
            let address = "host=127.0.0.1 port=\(listener.port)"
            try connection.execute(
                """
                CREATE TABLE t (a int PRIMARY KEY);
                CREATE EXTENSION dblink;
                CREATE EXTENSION postgres_fdw;
                CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw
                    OPTIONS (host '127.0.0.1', port '\(listener.port)', dbname 'postgres');
                CREATE USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (user 'u', password 'p');
                CREATE FUNCTION call() RETURNS event_trigger LANGUAGE plpgsql AS $$
                BEGIN PERFORM dblink_connect('\(address) connect_timeout=2'); END $$;
                CREATE EVENT TRIGGER calls ON ddl_command_end EXECUTE FUNCTION call();
                ALTER EVENT TRIGGER calls DISABLE;
                CREATE SUBSCRIPTION "Sub 1" CONNECTION '\(address) user=u password=p dbname=postgres'
                    PUBLICATION p WITH (connect = false, slot_name = 'slot_1');
                INSERT INTO pg_subscription_rel SELECT oid, 't'::regclass, 'd' FROM pg_subscription;
                ALTER SUBSCRIPTION "Sub 1" ENABLE;
                ALTER EVENT TRIGGER calls ENABLE;
                """)
        }

        private static func expectPlanTells(_ product: ProductUnderTest) throws {
            let hazards = try product.run(["plan", "-s", "orders"]).value()["hazards"]?.array ?? []
            let told = hazards.first { $0["code"] == "subscriptions" }?["message"]?.string
            #expect(told?.contains("\"Sub 1\" in database postgres") == true, "\(hazards)")
            #expect(hazards.contains { $0["code"] == "preloaded-libraries" })
        }

        private static func expectTold(_ answer: JSONValue?) throws {
            let evidence = answer?["evidence"]
            #expect(evidence?["subscriptions"]?.array?.first?["slot"] == "slot_1")
            #expect(evidence?["tablesToCopyAgain"]?.array == ["postgres.public.t"])
            let reaching = evidence?["reachesOut"]?.array?.compactMap(\.string) ?? []
            #expect(
                reaching == [
                    "postgres: foreign server elsewhere of postgres_fdw, user mappings: 1",
                    "postgres: extension dblink",
                ])
            let commands = answer?["followUp"]?.array?.compactMap(\.string) ?? []
            #expect(commands.filter { $0.contains("sub_1_copy") }.count == 2, "\(commands)")
            #expect(!commands.contains { $0.contains("slot_1") || $0.contains("shared_preload") })
        }

        @Test func `a subscription that a transaction in doubt has changed is no secret door`() throws {
            try ProductUnderTest.use("doubtful-door") { product in
                let source = try product.create("orders")
                try product.json(
                    "parameter", "set", "-s", "orders", "-n", "max_prepared_transactions", "-v", "5")
                try product.json("restart", "-n", "orders")
                let connection = try source.superuser()
                try connection.execute(
                    """
                    CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1 dbname=postgres' PUBLICATION p
                        WITH (connect = false, slot_name = 'slot_1')
                    """)
                try connection.execute(
                    "BEGIN; UPDATE pg_subscription SET subenabled = true; PREPARE TRANSACTION 'door'")
                let refused = try product.run(["restore", "-s", "orders", "-n", "copy"])
                #expect(refused.exitStatus != 0 && refused.errors.contains("'door'"), "\(refused)")
                #expect(try product.serverNames() == ["orders"])
            }
        }
    }

    /// A port of this machine on which somebody may try to connect.
    private final class Listener {
        private let descriptor: Int32
        let port: UInt16

        init() throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let descriptor = descriptor
            let isBound = withUnsafeMutableBytes(of: &address) { bytes in
                let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
                return bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
            }
            guard isBound else { throw Problem(.system, "no port can be had") }
            port = UInt16(bigEndian: address.sin_port)
        }

        deinit { close(descriptor) }

        /// Until then nobody gets in.
        func listen() throws {
            guard Glibc.listen(descriptor, 16) == 0 else { throw Problem(.system, "the port cannot be used") }
        }

        /// Whether somebody has connected, or does within that time.
        func waits(milliseconds: Int32) -> Bool {
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&watched, 1, milliseconds) > 0
        }
    }
}
