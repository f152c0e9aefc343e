import Notation
import ServiceModel

/// The path of a request to Azure Resource Manager, as a value.
///
/// Letters of Azure's own words may have any case, as in Azure; names that users gave keep theirs.
public struct ResourcePath: Hashable, Sendable {
    /// What the path names.
    public enum Resource: Hashable, Sendable {
        case tenants
        /// What can be done with the provider's resources.
        case providerOperations
        /// The activity log's categories.
        case eventCategories
        case subscriptions
        case subscription
        /// The regions of a subscription.
        case locations
        case providers
        case provider(String)
        /// Registering a provider, which is registered always.
        case registration(String)
        /// All resources of a subscription, or of one group.
        case resources(group: String?)
        case groups
        case group(String)
        case activityLog
        case checkNameAvailability(location: String?)
        case capabilities(location: String)
        /// How an accepted operation is doing: `azureAsyncOperation`.
        case operationStatus(location: String, id: String)
        /// What came of an accepted operation: `operationResults`.
        case operationResult(location: String, id: String)
        /// All flexible servers of a subscription, or of one group.
        case servers(group: String?)
        case server(group: String, name: String, ServerPart)
    }

    /// A server itself, something it has, or something to be done with it.
    public enum ServerPart: Hashable, Sendable {
        case itself
        case capabilities
        case start, stop, restart
        case backups
        case backup(String)
        case configurations
        case configuration(String)
        case databases
        case database(String)
        case firewallRules
        case firewallRule(String)
        /// Whether the server could have a newer major version.
        case upgradeCheck
        /// Taking transactions back, and comparing: of this machine, not of Azure.
        case undo, compare
        /// The last check of the whole WAL archive, and doing it again.
        case walVerification
        case results
        case result(String)
        case resultFile(id: String, String)
        /// The rows of one table of a result.
        case resultRows(id: String, String)
        /// All of a kind that a server here never has, or one of them by its name.
        case absent(AbsentPart, name: String?)
        /// What Azure's service does with a server, and this one never.
        case absentAction(AbsentAction)
        /// What is below one of a kind that a server here never has.
        case belowAbsent(AbsentChild, name: String)
    }

    /// Actions that are refused, as Azure spells them.
    public enum AbsentAction: String, Hashable, Sendable, CaseIterable {
        case startLtrBackup, ltrPreBackup, migrateNetwork

        func matches(_ word: String) -> Bool { rawValue.lowercased() == word.lowercased() }

        /// What they are, as the beginning of a sentence.
        public var words: String {
            switch self {
            case .startLtrBackup, .ltrPreBackup: AbsentPart.ltrBackupOperations.words
            case .migrateNetwork: "Migrations to another network"
            }
        }
    }

    /// As Azure spells them.
    public enum AbsentChild: String, Hashable, Sendable, CaseIterable {
        case recommendations, applyNow, reschedule

        /// What they are below.
        public var parent: AbsentPart { self == .recommendations ? .tuningOptions : .maintenanceEvents }
    }

    /// Kinds of things that a server here never has: lists of them are empty. As Azure spells them.
    public enum AbsentPart: String, Hashable, Sendable, CaseIterable {
        case replicas, administrators, migrations, tuningOptions, logFiles, privateLinkResources
        case virtualEndpoints = "virtualendpoints"
        case privateEndpointConnections, ltrBackupOperations, maintenanceEvents
        case threatProtection = "advancedThreatProtectionSettings"

        /// What they are, as the beginning of a sentence.
        public var words: String {
            switch self {
            case .replicas: "Read replicas"
            case .administrators: "Microsoft Entra administrators"
            case .migrations: "Migrations"
            case .tuningOptions: "Tuning options"
            case .logFiles: "Downloadable server logs"
            case .privateLinkResources, .privateEndpointConnections: "Private endpoints"
            case .virtualEndpoints: "Virtual endpoints"
            case .ltrBackupOperations: "Long-term retention backups"
            case .maintenanceEvents: "Planned maintenance events"
            case .threatProtection: "Advanced threat protection settings"
            }
        }
    }

    /// As given; nil for what is above subscriptions. Whether there is one of that id is for the caller.
    public var subscription: String?
    public var resource: Resource

    init(_ resource: Resource, subscription: String? = nil) {
        self.resource = resource
        self.subscription = subscription
    }

    /// No path of Azure's is longer.
    public static let longestPath = 4096
    /// The longest name that any resource of Azure's may have.
    static let longestName = 260

    /// Reads the path of a URL, without its query.
    ///
    /// - Returns: nil when it is none of the paths above, or when a name in it could not be one: empty, `.`,
    ///   `..`, longer than 260 characters, with a slash or a character that cannot be seen, or not UTF-8.
    public static func parse(_ path: String) -> ResourcePath? {
        guard path.utf8.count <= longestPath, let words = words(path) else { return nil }
        let keys = words.map { $0.lowercased() }
        switch keys.first {
        case "tenants"? where keys.count == 1: return ResourcePath(.tenants)
        case "providers"?:
            switch keys.dropFirst() {
            case ["microsoft.dbforpostgresql", "operations"]: return ResourcePath(.providerOperations)
            case ["microsoft.insights", "eventcategories"]: return ResourcePath(.eventCategories)
            default: return nil
            }
        case "subscriptions"?:
            guard keys.count > 1 else { return ResourcePath(.subscriptions) }
            guard let resource = inSubscription(words.dropFirst(2), keys.dropFirst(2)) else { return nil }
            return ResourcePath(resource, subscription: words[1])
        default: return nil
        }
    }

    // MARK: One level at a time

    private static func inSubscription(_ words: ArraySlice<String>, _ keys: ArraySlice<String>) -> Resource? {
        let names = Array(words)
        switch Array(keys).first {
        case nil: return .subscription
        case "locations"? where names.count == 1: return .locations
        case "resources"? where names.count == 1: return .resources(group: nil)
        case "resourcegroups"?:
            guard names.count > 1 else { return .groups }
            return inGroup(names[1], names.dropFirst(2), keys.dropFirst(2))
        case "providers"?:
            switch names.count {
            case 1: return .providers
            case 2: return .provider(names[1])
            case 3 where keys.last == "register": return .registration(names[1])
            default: return ofProvider(names.dropFirst(1), keys.dropFirst(1))
            }
        default: return nil
        }
    }

    private static func ofProvider(_ words: ArraySlice<String>, _ keys: ArraySlice<String>) -> Resource? {
        let names = Array(words)
        let keys = Array(keys)
        switch keys[0] {
        case "microsoft.insights":
            return keys.dropFirst() == ["eventtypes", "management", "values"] ? .activityLog : nil
        case "microsoft.dbforpostgresql":
            switch (keys[1], keys.count) {
            case ("flexibleservers", 2): return .servers(group: nil)
            case ("checknameavailability", 2): return .checkNameAvailability(location: nil)
            case ("locations", 4...5): return atLocation(names, keys)
            default: return nil
            }
        default: return nil
        }
    }

    /// `[provider, "locations", location, what, id?]`
    private static func atLocation(_ names: [String], _ keys: [String]) -> Resource? {
        let location = names[2]
        switch (keys[3], names.dropFirst(4).first) {
        case ("checknameavailability", nil): return .checkNameAvailability(location: location)
        case ("capabilities", nil): return .capabilities(location: location)
        case ("azureasyncoperation", let id?): return .operationStatus(location: location, id: id)
        case ("operationresults", let id?): return .operationResult(location: location, id: id)
        default: return nil
        }
    }

    private static func inGroup(
        _ group: String, _ words: ArraySlice<String>, _ keys: ArraySlice<String>
    ) -> Resource? {
        let names = Array(words)
        let keys = Array(keys)
        if keys.isEmpty { return .group(group) }
        if keys == ["resources"] { return .resources(group: group) }
        guard keys.starts(with: ["providers", "microsoft.dbforpostgresql", "flexibleservers"]) else {
            return nil
        }
        guard names.count > 3 else { return .servers(group: group) }
        guard names.count <= 8, let part = part(Array(names.dropFirst(4))) else { return nil }
        return .server(group: group, name: names[3], part)
    }

    private static func part(_ names: [String]) -> ServerPart? {
        guard names.count < 3 else {
            let keys = names.map { $0.lowercased() }
            if keys[0] == "results" { return ofResult(names, keys) }
            return names.count == 3 ? belowAbsent(keys, names[1]) : nil
        }
        if names.count == 1, let action = AbsentAction.allCases.first(where: { $0.matches(names[0]) }) {
            return .absentAction(action)
        }
        return switch (names.first?.lowercased(), names.dropFirst().first) {
        case (nil, _): .itself
        case ("capabilities"?, nil): .capabilities
        case ("start"?, nil): .start
        case ("stop"?, nil): .stop
        case ("restart"?, nil): .restart
        case ("backups"?, let name): name.map { .backup($0) } ?? .backups
        case ("configurations"?, let name): name.map { .configuration($0) } ?? .configurations
        case ("databases"?, let name): name.map { .database($0) } ?? .databases
        case ("firewallrules"?, let name): name.map { .firewallRule($0) } ?? .firewallRules
        case ("startmajorversionupgradeprecheck"?, nil): .upgradeCheck
        case ("undo"?, nil): .undo
        case ("compare"?, nil): .compare
        case ("walverification"?, nil): .walVerification
        case ("results"?, let id): id.map { .result($0) } ?? .results
        case (let key?, let name):
            AbsentPart.allCases.first { $0.rawValue.lowercased() == key }.map { .absent($0, name: name) }
        }
    }

    private static func ofResult(_ names: [String], _ keys: [String]) -> ServerPart? {
        if names.count == 3 { return .resultFile(id: names[1], names[2]) }
        return keys[2] == "rows" ? .resultRows(id: names[1], names[3]) : nil
    }

    private static func belowAbsent(_ keys: [String], _ name: String) -> ServerPart? {
        AbsentChild.allCases.first {
            $0.parent.rawValue.lowercased() == keys[0] && $0.rawValue.lowercased() == keys[2]
        }.map { .belowAbsent($0, name: name) }
    }

    // MARK: Words

    /// What stands between the slashes, decoded; one slash more at the front or at the end does no harm.
    ///
    /// Empty words in between would be names that were left out, and the rest would slip into their places.
    /// One is passed over: where a resource inside another would name that, behind the provider.
    private static func words(_ path: String) -> [String]? {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 1, parts.removeFirst().isEmpty else { return nil }
        if parts.first?.isEmpty == true { parts.removeFirst() }
        if parts.last?.isEmpty == true { parts.removeLast() }
        var words: [String] = []
        var hasSkipped = false
        for part in parts {
            if part.isEmpty, !hasSkipped, words.dropLast().last?.lowercased() == "providers" {
                hasSkipped = true
                continue
            }
            guard let word = PercentCoding.decode(part), isName(word) else { return nil }
            words.append(word)
        }
        return words.isEmpty ? nil : words
    }

    private static func isName(_ word: String) -> Bool {
        guard !word.isEmpty, word.utf8.count <= longestName, word != ".", word != ".." else { return false }
        return word.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse: false
            default: scalar != "/" && scalar != "\\"
            }
        }
    }
}
