import Instance
import Platform
import PostgresFormat
import TestKit
import Testing
import TestValues

@Suite struct SettingsTests {
    private static let paths = InstancePaths(
        data: "/h/servers/1/data", conf: "/h/servers/1/conf", log: "/h/servers/1/log",
        socketDirectory: "/run/pitr/1")

    private func settings(
        _ sku: String = "Standard_D4ads_v5",
        machine: MachineResources = .init(memoryMiB: 16384, processors: 4)
    ) throws -> ServerSettings {
        ServerSettings(
            serverName: "orders", paths: Self.paths, listenAddress: "127.54.0.1", port: 5432,
            compute: try #require(ComputeSize.find(sku)),
            archiveCommand: "'/h/lib/pitr-wal' push '/h/r' '%p' '%f'",
            machine: machine)
    }

    @Test func `a server's WAL sizes are two of its segments at least`() throws {
        var settings = try settings()
        #expect(settings.defaults["min_wal_size"] == "80MB")
        #expect(settings.defaults["max_wal_size"] == "1GB")
        settings.segmentSize = try #require(WALSegmentSize(bytes: 64 << 20))
        #expect(settings.defaults["min_wal_size"] == "128MB")
        #expect(settings.defaults["max_wal_size"] == "1GB")
        settings.segmentSize = try #require(WALSegmentSize(bytes: 1 << 30))
        #expect(settings.defaults["min_wal_size"] == "2048MB")
        #expect(settings.defaults["max_wal_size"] == "2048MB")
    }

    @Test func `any value survives PostgreSQL's quoting rules`() {
        var random = SeededRandom()
        let alphabet = Array("'\\\n\r\t\"ab nfrt01# =é🙂".unicodeScalars)
        for _ in 0..<2000 {
            var value = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...12, using: &random) {
                value.append(alphabet[Int.random(in: alphabet.indices, using: &random)])
            }
            let quoted = SettingsText.quoted(String(value))
            #expect(!quoted.unicodeScalars.contains("\n"))
            #expect(descaped(quoted) == String(value))
        }
    }

    /// PostgreSQL's `DeescapeQuotedString`; nil when its scanner would not take the text as one string.
    private func descaped(_ quoted: String) -> String? {
        var result = String.UnicodeScalarView()
        var rest = Array(quoted.unicodeScalars)[...]
        guard rest.popFirst() == "'" else { return nil }
        while let scalar = rest.popFirst() {
            if scalar == "'" {
                if rest.isEmpty { return String(result) }
                guard rest.popFirst() == "'" else { return nil }
                result.append("'")
            } else if scalar == "\\" {
                guard let next = rest.popFirst(), next != "\n" else { return nil }
                switch next {
                case "n": result.append("\n")
                case "r": result.append("\r")
                case "t": result.append("\t")
                case "b", "f", "0"..."7": return nil
                default: result.append(next)
                }
            } else if scalar == "\n" {
                return nil
            } else {
                result.append(scalar)
            }
        }
        return nil
    }

    @Test func `the file says where everything is and includes the user's parameters last`() throws {
        let lines = try settings().render().split(separator: "\n").map(String.init)
        #expect(lines.contains("data_directory = '/h/servers/1/data'"))
        #expect(lines.contains("unix_socket_directories = '\"/run/pitr/1\"'"))
        #expect(lines.contains("archive_command = '''/h/lib/pitr-wal'' push ''/h/r'' ''%p'' ''%f'''"))
        #expect(lines.contains("archive_timeout = '300s'"))
        #expect(
            lines.suffix(2) == [
                "include_if_exists '/h/servers/1/conf/user.conf'",
                "include_if_exists '/h/servers/1/conf/rendered.conf'",
            ])
    }

    @Test func `takes a modest share of a small machine and says so`() throws {
        let small = try settings(machine: MachineResources(memoryMiB: 2048, processors: 2))
        #expect(small.sharedBuffersMiB == 128)
        #expect(small.maxConnections == 50)
        let large = try settings(machine: MachineResources(memoryMiB: 1 << 20, processors: 96))
        #expect(large.sharedBuffersMiB == 256)
        #expect(large.maxConnections == 500)
        let burstable = try settings(
            "standard_b1ms", machine: MachineResources(memoryMiB: 1 << 20, processors: 96))
        #expect(burstable.maxConnections == 50)
        #expect(
            small.scalingNote
                == "Standard_D4ads_v5 stands for 4 vCores and 16 GiB; on this machine (2 processors, 2 GiB) the "
                + "server runs with shared_buffers 128 MB and max_connections 50.")
    }

    @Test func `the SKUs have Azure's names, sizes and defaults`() {
        #expect(Set(ComputeSize.all.map(\.name)).count == ComputeSize.all.count)
        for tier in ComputeTier.allCases {
            #expect(ComputeSize.find(tier.defaultSize.name) == tier.defaultSize)
        }
        #expect(ComputeTier.burstable.defaultSize.name == "Standard_B2s")
        #expect(ComputeTier.generalPurpose.defaultSize.name == "Standard_D4ads_v5")
        #expect(ComputeTier.memoryOptimized.defaultSize.name == "Standard_E4ads_v5")
        #expect(ComputeSize.find("Standard_D8ds_v5")?.memoryPerVCoreMiB == 4096)
        #expect(ComputeSize.find("Standard_E2ds_v5")?.memoryMiB == 16384)
        #expect(ComputeSize.find("Standard_B2s")?.memoryMiB == 4096)
        #expect(ComputeTier(name: "generalpurpose") == .generalPurpose)
        #expect(ComputeTier(name: "Huge") == nil)
    }

    @Test func `access rules allow TLS with SCRAM from the rules' ranges and nothing else`() throws {
        let access = HostBasedAccess(
            rules: [
                .init(
                    name: "office\nx", start: try #require(IPv4Address("10.0.0.1")),
                    end: try #require(IPv4Address("10.0.0.2")))
            ], account: "postgres", superuser: "keeper")
        let lines = access.renderAccess().split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(
            lines == [
                "local all keeper peer map=pitr", "local replication keeper peer map=pitr",
                "hostssl all all 10.0.0.1/32 scram-sha-256", "hostssl all all 10.0.0.2/32 scram-sha-256",
            ])
        #expect(access.renderIdent().contains("pitr \"postgres\" keeper\npitr \"root\" keeper\n"))
    }

    @Test func `a role's name in an access file is never a keyword, a group, a pattern or a file`() {
        for name in ["all", "+staff", "/^.*$", "@names", "The \"Boss\"", "a,b", "a b", "#x", ""] {
            var access = HostBasedAccess(rules: [], account: "root", superuser: "azuresu")
            access.alsoSuperuser = name
            let quoted = "\"" + name.replacing("\"", with: "\"\"") + "\""
            #expect(access.renderAccess().contains("local all \(quoted) peer map=pitr\n"), "\(name)")
            #expect(access.renderIdent().hasSuffix("pitr \"root\" \(quoted)\n"), "\(name)")
        }
    }

    @Test func `gives out loopback addresses that nobody has`() throws {
        let first = try LoopbackAddress.pick(taken: [], isFree: { _ in true })
        #expect(first.address.isLoopback && first.port == 5432)
        let second = try LoopbackAddress.pick(taken: [first], isFree: { _ in true })
        #expect(second.address != first.address && second.port == 5432)
        let occupied = try LoopbackAddress.pick(taken: [], isFree: { $0.port > 5433 })
        #expect(occupied.port == 5434)
        let failure = #expect(throws: Problem.self) {
            try LoopbackAddress.pick(taken: [], isFree: { _ in false })
        }
        #expect(failure?.code == .portInUse)
    }
}
