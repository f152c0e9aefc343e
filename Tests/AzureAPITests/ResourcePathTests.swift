import Testing
import TestValues

@testable import AzureAPI

struct ResourcePathTests {
    private static let root = "/subscriptions/S-1"
    private static let postgres = "providers/Microsoft.DBforPostgreSQL"

    /// Every kind of path, with names that keep their spelling.
    static let samples: [(String, ResourcePath)] = {
        func below(_ path: String, _ resource: ResourcePath.Resource) -> (String, ResourcePath) {
            (root + path, ResourcePath(resource, subscription: "S-1"))
        }
        func part(_ path: String, _ part: ResourcePath.ServerPart) -> (String, ResourcePath) {
            below(
                "/resourceGroups/Shop_1/\(postgres)/flexibleServers/Orders" + path,
                .server(group: "Shop_1", name: "Orders", part))
        }
        return [
            ("/tenants", ResourcePath(.tenants)), ("/subscriptions", ResourcePath(.subscriptions)),
            ("/\(postgres)/operations", ResourcePath(.providerOperations)),
            ("/providers/Microsoft.Insights/eventcategories", ResourcePath(.eventCategories)),
            below("", .subscription), below("/locations", .locations), below("/providers", .providers),
            below("/providers/Microsoft.Compute", .provider("Microsoft.Compute")),
            below("/resources", .resources(group: nil)),
            below("/resourceGroups/Shop_1/resources", .resources(group: "Shop_1")),
            below("/resourceGroups", .groups), below("/resourceGroups/Shop_1", .group("Shop_1")),
            below("/providers/Microsoft.Insights/eventtypes/management/values", .activityLog),
            below("/\(postgres)/checkNameAvailability", .checkNameAvailability(location: nil)),
            below(
                "/\(postgres)/locations/East%20US/checkNameAvailability",
                .checkNameAvailability(location: "East US")),
            below("/\(postgres)/locations/eastus/capabilities", .capabilities(location: "eastus")),
            below(
                "/\(postgres)/locations/eastus/azureAsyncOperation/0a-1",
                .operationStatus(location: "eastus", id: "0a-1")),
            below(
                "/\(postgres)/locations/eastus/operationResults/0a-1",
                .operationResult(location: "eastus", id: "0a-1")),
            below("/\(postgres)/flexibleServers", .servers(group: nil)),
            below("/resourceGroups/Shop_1/\(postgres)/flexibleServers", .servers(group: "Shop_1")),
            part("", .itself), part("/capabilities", .capabilities), part("/start", .start),
            part("/stop", .stop), part("/restart", .restart), part("/backups", .backups),
            part("/backups/Before%20Noon", .backup("Before Noon")),
            part("/startMajorVersionUpgradePrecheck", .upgradeCheck),
            part("/undo", .undo), part("/compare", .compare), part("/results", .results),
            part("/walVerification", .walVerification),
            part("/results/r1", .result("r1")),
            part("/results/r1/repair.sql", .resultFile(id: "r1", "repair.sql")),
            part("/results/r1/rows/a.csv", .resultRows(id: "r1", "a.csv")),
            part("/configurations", .configurations),
            part("/configurations/pg_stat_statements.max", .configuration("pg_stat_statements.max")),
            part("/databases", .databases), part("/databases/caf%C3%A9", .database("café")),
            part("/firewallRules", .firewallRules), part("/firewallRules/R-1", .firewallRule("R-1")),
            below("/\(postgres)/register", .registration("Microsoft.DBforPostgreSQL")),
        ]
            + ResourcePath.AbsentPart.allCases.flatMap { kind in
                [
                    part("/\(kind.rawValue)", .absent(kind, name: nil)),
                    part("/\(kind.rawValue)/R-1", .absent(kind, name: "R-1")),
                ]
            }
            + ResourcePath.AbsentAction.allCases.map { part("/\($0.rawValue)", .absentAction($0)) }
            + ResourcePath.AbsentChild.allCases.map {
                part("/\($0.parent.rawValue)/R-1/\($0.rawValue)", .belowAbsent($0, name: "R-1"))
            }
    }()

    @Test(arguments: samples)
    func `reads a path and writes it again`(text: String, path: ResourcePath) {
        #expect(ResourcePath.parse(text) == path)
        #expect(path.text == text)
        #expect(ResourcePath.parse("/" + text + "/") == path, "one slash more at either end")
    }

    /// az asks so for `az resource show --resource-type Microsoft.DBforPostgreSQL/flexibleServers`.
    @Test func `passes over the empty name of an outer resource, and over no other`() {
        let group = "/subscriptions/s/resourceGroups/g"
        let server = "Microsoft.DBforPostgreSQL//flexibleServers/a"
        #expect(
            ResourcePath.parse("\(group)/providers/\(server)")?.resource
                == .server(group: "g", name: "a", .itself))
        let others = [
            "\(group)/providers//Microsoft.DBforPostgreSQL/flexibleServers/a",
            "\(group)/providers/Microsoft.DBforPostgreSQL///flexibleServers/a",
            "\(group)//providers/\(server)", "/subscriptions/s/resourceGroups//g/providers/\(server)",
            "/subscriptions/s/resourceGroups//providers/\(server)",
            "\(group)/providers/\(server)//backups", "\(group)/providers/\(server)/backups//b",
        ]
        for path in others { #expect(ResourcePath.parse(path) == nil, "\(path)") }
    }

    @Test func `takes Azure's words in any case, and leaves names as they are`() {
        var random = SeededRandom()
        let names: Set = [
            "S-1", "Shop_1", "Orders", "eastus", "0a-1", "R-1", "East%20US", "Before%20Noon", "caf%C3%A9",
            "pg_stat_statements.max", "r1", "repair.sql", "a.csv",
        ]
        // A provider's name is one that a user could give.
        let fixed: [ResourcePath.Resource] = [
            .provider("Microsoft.Compute"), .registration("Microsoft.DBforPostgreSQL"),
        ]
        for _ in 0..<50 {
            for (text, path) in Self.samples where !fixed.contains(path.resource) {
                let changed = text.split(separator: "/").map { word in
                    names.contains(String(word))
                        ? String(word)
                        : String(
                            word.map { letter in
                                Bool.random(using: &random)
                                    ? Character(letter.uppercased()) : Character(letter.lowercased())
                            })
                }
                let spelled = "/" + changed.joined(separator: "/")
                #expect(ResourcePath.parse(spelled) == path, "seed \(random.seed): \(spelled)")
            }
        }
    }

    @Test(arguments: [
        "", "/", "//", "tenants", "/tenants/x", "/subscription", "/subscriptions//resourceGroups/a",
        "/subscriptions/s/resourceGroups//\(postgres)/flexibleServers/a",
        "/subscriptions/s/resourceGroups/g/\(postgres)/flexibleServers/a//backups",
        "/subscriptions/s/resourceGroups/g/\(postgres)/flexibleServers/a/backups/b/c",
        "/subscriptions/s/resourceGroups/g/\(postgres)/flexibleServers/a/start/b",
        "/subscriptions/s/resourceGroups/g/\(postgres)/flexibleServers/a/delete",
        "/subscriptions/s/resourceGroups/g/\(postgres)/servers/a",
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines",
        "/subscriptions/s/\(postgres)/locations/l", "/subscriptions/s/\(postgres)/locations/l/usages",
        "/subscriptions/s/\(postgres)/locations/l/azureAsyncOperation",
        "/subscriptions/s/\(postgres)/locations/l/capabilities/x",
        "/subscriptions/s/providers/Microsoft.Insights/eventtypes/management",
        "/subscriptions/s/resourceGroups/..", "/subscriptions/s/resourceGroups/%2e%2E",
        "/subscriptions/s/resourceGroups/a%2Fb", "/subscriptions/s/resourceGroups/a%5Cb",
        "/subscriptions/s/resourceGroups/a%00", "/subscriptions/s/resourceGroups/a%0Ab",
        "/subscriptions/s/resourceGroups/a%E2%80%AEb", "/subscriptions/s/resourceGroups/a%",
        "/subscriptions/s/resourceGroups/a%4", "/subscriptions/s/resourceGroups/a%zz",
        "/subscriptions/s/resourceGroups/%C3%28", "/subscriptions/s/resourceGroups/%ED%A0%80",
    ])
    func `is nil for what is no path, or holds what is no name`(text: String) {
        #expect(ResourcePath.parse(text) == nil)
    }

    @Test func `takes a name of 260 bytes and none longer`() {
        func path(_ length: Int) -> String {
            "/subscriptions/s/resourceGroups/" + String(repeating: "a", count: length)
        }
        #expect(ResourcePath.parse(path(260)) != nil)
        #expect(ResourcePath.parse(path(261)) == nil)
        #expect(ResourcePath.parse(String(repeating: "/a", count: 5000)) == nil)
    }

    @Test func `reads back whatever it writes, whatever the name`() {
        var random = SeededRandom()
        let scalars: [ClosedRange<UInt32>] = [0x20...0x7E, 0xA1...0x24F, 0x4E00...0x9FA5, 0x1F600...0x1F640]
        for _ in 0..<2000 {
            let name = String(
                String.UnicodeScalarView(
                    (0..<Int.random(in: 1...20, using: &random)).compactMap { _ in
                        let range = scalars[Int.random(in: 0..<4, using: &random)]
                        let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random))
                        return scalar.flatMap { ["/", "\\", "\u{AD}"].contains($0) ? nil : $0 }
                    }))
            guard !name.isEmpty, name != ".", name != ".." else { continue }
            let path = ResourcePath(
                .server(group: name, name: "a", .database(name)), subscription: "s")
            #expect(ResourcePath.parse(path.text) == path, "seed \(random.seed): \(name)")
        }
    }

    @Test func `comes through any bytes, and then its text is read as the same`() {
        var random = SeededRandom()
        for _ in 0..<5000 {
            var bytes = Array(Self.samples[Int.random(in: 0..<Self.samples.count, using: &random)].0.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.insert(UInt8(ascii: "/"), at: place)
                case 2: bytes.insert(UInt8(ascii: "%"), at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + 9))
                }
                if bytes.isEmpty { bytes = [UInt8(ascii: "/")] }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            if let path = ResourcePath.parse(text) {
                #expect(ResourcePath.parse(path.text) == path, "seed \(random.seed): \(text)")
            }
        }
    }
}
