public import Platform

/// A place that servers are said to be in: Azure's public regions, and this machine's own two.
///
/// Everything is on one machine; a location tells a resource from another one's, and which location keeps a
/// second copy of geo-redundant backups.
public struct AzureLocation: Hashable, Sendable {
    /// Lower case without blanks: `eastus`.
    public let name: String
    /// `East US`.
    public let displayName: String
    /// Where geo-redundant backups are kept too; nil for a region that Azure has not paired.
    public let pair: String?

    private init(_ displayName: String, _ pair: String?, name: String? = nil) {
        self.name = name ?? Self.normalized(displayName)
        self.displayName = displayName
        self.pair = pair
    }

    /// Finds `eastus`, `East US` or `EastUS`.
    public static func find(_ text: String) -> AzureLocation? {
        byName[normalized(text)]
    }

    /// As `find`, for what a user typed; throws `.locationNotAvailable`.
    public static func require(_ text: String) throws(Problem) -> AzureLocation {
        guard let found = find(text) else { throw unknown(text) }
        return found
    }

    public static func unknown(_ text: String) -> Problem {
        Problem(
            .locationNotAvailable,
            "The provided location '\(text)' is not available for resource type "
                + "'\(ResourceID.serverType)'.",
            hint: "Use one of Azure's public regions, 'eastus' for example, or 'local'.")
    }

    public static func normalized(_ text: String) -> String {
        text.lowercased().filter { !$0.isWhitespace }
    }

    private static let byName = Dictionary(
        all.flatMap { [($0.name, $0), (normalized($0.displayName), $0)] }, uniquingKeysWith: { $1 })

    /// This machine's own first, then Azure's regions; pairs as Azure publishes them, some of them one-way.
    public static let all: [AzureLocation] = [
        AzureLocation("Local", "local-pair"), AzureLocation("Local Pair", "local", name: "local-pair"),
        AzureLocation("Australia Central", "australiacentral2"),
        AzureLocation("Australia Central 2", "australiacentral"),
        AzureLocation("Australia East", "australiasoutheast"),
        AzureLocation("Australia Southeast", "australiaeast"), AzureLocation("Austria East", nil),
        AzureLocation("Brazil South", "southcentralus"), AzureLocation("Brazil Southeast", "brazilsouth"),
        AzureLocation("Canada Central", "canadaeast"), AzureLocation("Canada East", "canadacentral"),
        AzureLocation("Central India", "southindia"), AzureLocation("Central US", "eastus2"),
        AzureLocation("Chile Central", nil), AzureLocation("East Asia", "southeastasia"),
        AzureLocation("East US", "westus"), AzureLocation("East US 2", "centralus"),
        AzureLocation("France Central", "francesouth"), AzureLocation("France South", "francecentral"),
        AzureLocation("Germany North", "germanywestcentral"),
        AzureLocation("Germany West Central", "germanynorth"), AzureLocation("Indonesia Central", nil),
        AzureLocation("Israel Central", nil), AzureLocation("Italy North", nil),
        AzureLocation("Japan East", "japanwest"), AzureLocation("Japan West", "japaneast"),
        AzureLocation("Jio India Central", "jioindiawest"),
        AzureLocation("Jio India West", "jioindiacentral"),
        AzureLocation("Korea Central", "koreasouth"), AzureLocation("Korea South", "koreacentral"),
        AzureLocation("Malaysia West", nil), AzureLocation("Mexico Central", nil),
        AzureLocation("New Zealand North", nil), AzureLocation("North Central US", "southcentralus"),
        AzureLocation("North Europe", "westeurope"), AzureLocation("Norway East", "norwaywest"),
        AzureLocation("Norway West", "norwayeast"), AzureLocation("Poland Central", nil),
        AzureLocation("Qatar Central", nil), AzureLocation("South Africa North", "southafricawest"),
        AzureLocation("South Africa West", "southafricanorth"),
        AzureLocation("South Central US", "northcentralus"), AzureLocation("South India", "centralindia"),
        AzureLocation("Southeast Asia", "eastasia"), AzureLocation("Spain Central", nil),
        AzureLocation("Sweden Central", "swedensouth"), AzureLocation("Sweden South", "swedencentral"),
        AzureLocation("Switzerland North", "switzerlandwest"),
        AzureLocation("Switzerland West", "switzerlandnorth"),
        AzureLocation("UAE Central", "uaenorth"), AzureLocation("UAE North", "uaecentral"),
        AzureLocation("UK South", "ukwest"), AzureLocation("UK West", "uksouth"),
        AzureLocation("West Central US", "westus2"), AzureLocation("West Europe", "northeurope"),
        AzureLocation("West India", "southindia"), AzureLocation("West US", "eastus"),
        AzureLocation("West US 2", "westcentralus"), AzureLocation("West US 3", "eastus"),
    ]
}
