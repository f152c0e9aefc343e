public import Platform

/// A location of Azure's: the name in requests, the name for people, and where its geo-redundant backups go.
///
/// Servers of this machine may say that they are in any of them; `local` and its pair are our own.
public struct Region: Hashable, Sendable {
    public let name: String
    public let displayName: String
    /// The name of the region that keeps a second copy of backups; nil where Azure pairs none.
    public let pairedName: String?

    public var paired: Region? { pairedName.flatMap(Region.find) }

    /// The region of that name or display name, in any case and with or without blanks.
    public static func find(_ text: String) -> Region? {
        byName[normalized(text)]
    }

    /// The region of that name, or Azure's refusal.
    public static func resolve(
        _ text: String, for type: String = "Microsoft.DBforPostgreSQL/flexibleServers"
    ) throws(Problem) -> Region {
        if let region = find(text) { return region }
        throw Problem(
            .locationNotAvailable,
            "The provided location '\(text)' is not available for resource type '\(type)'.",
            hint: "List the locations with 'az account list-locations'; 'local' is this machine's own.")
    }

    /// Every region, by name.
    public static let all: [Region] = ownTable + publicTable.sorted { $0.name < $1.name }

    private static let byName: [String: Region] = Dictionary(
        all.flatMap { [(normalized($0.name), $0), (normalized($0.displayName), $0)] },
        uniquingKeysWith: { first, _ in first })

    private static func normalized(_ text: String) -> String {
        text.lowercased().filter { !$0.isWhitespace }
    }

    private init(_ displayName: String, _ pairedName: String? = nil) {
        name = Self.normalized(displayName)
        self.displayName = displayName
        self.pairedName = pairedName
    }

    private static let ownTable = [Region("Local", "local-pair"), Region("Local-Pair", "local")]

    /// Azure's public regions; a few are paired in one direction only.
    private static let publicTable = [
        Region("East US", "westus"), Region("East US 2", "centralus"), Region("West US", "eastus"),
        Region("West US 2", "westcentralus"), Region("West US 3", "eastus"),
        Region("Central US", "eastus2"), Region("North Central US", "southcentralus"),
        Region("South Central US", "northcentralus"), Region("West Central US", "westus2"),
        Region("Canada Central", "canadaeast"), Region("Canada East", "canadacentral"),
        Region("Mexico Central"), Region("Brazil South", "southcentralus"),
        Region("Brazil Southeast", "brazilsouth"), Region("Chile Central"),
        Region("North Europe", "westeurope"), Region("West Europe", "northeurope"),
        Region("UK South", "ukwest"), Region("UK West", "uksouth"),
        Region("France Central", "francesouth"), Region("France South", "francecentral"),
        Region("Germany West Central", "germanynorth"), Region("Germany North", "germanywestcentral"),
        Region("Switzerland North", "switzerlandwest"), Region("Switzerland West", "switzerlandnorth"),
        Region("Norway East", "norwaywest"), Region("Norway West", "norwayeast"),
        Region("Sweden Central", "swedensouth"), Region("Sweden South", "swedencentral"),
        Region("Poland Central"), Region("Italy North"), Region("Spain Central"),
        Region("Austria East"), Region("Belgium Central"), Region("Israel Central"),
        Region("Qatar Central"), Region("UAE North", "uaecentral"), Region("UAE Central", "uaenorth"),
        Region("South Africa North", "southafricawest"),
        Region("South Africa West", "southafricanorth"),
        Region("East Asia", "southeastasia"), Region("Southeast Asia", "eastasia"),
        Region("Japan East", "japanwest"), Region("Japan West", "japaneast"),
        Region("Korea Central", "koreasouth"), Region("Korea South", "koreacentral"),
        Region("Central India", "southindia"), Region("South India", "centralindia"),
        Region("West India", "southindia"), Region("Jio India West", "jioindiacentral"),
        Region("Jio India Central", "jioindiawest"), Region("Indonesia Central"),
        Region("Malaysia West"), Region("Australia East", "australiasoutheast"),
        Region("Australia Southeast", "australiaeast"),
        Region("Australia Central", "australiacentral2"),
        Region("Australia Central 2", "australiacentral"), Region("New Zealand North"),
    ]
}
