public import Platform
public import ServiceModel

extension AzureLocation {
    /// The location of that name, or Azure's refusal.
    public static func resolve(_ text: String, for type: String = ResourceID.serverType) throws(Problem)
        -> AzureLocation
    {
        if let location = find(text) { return location }
        throw Problem(
            .locationNotAvailable,
            "The provided location '\(text.prefix(80))' is not available for resource type '\(type)'.",
            hint: "List the locations with 'az account list-locations'; 'local' is this machine's own.")
    }
}
