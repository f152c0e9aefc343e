import Testing

@testable import Instance

@Suite struct ParameterRulesTests {
    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            ("dynamic_library_path", "superuser"), ("extension_control_path", "superuser"),
            ("local_preload_libraries", "user"), ("oauth_validator_libraries", "sighup"),
        ])
    func `nobody sets where the server finds code that it runs`(_ name: String, context: String) {
        #expect(ParameterRules.isReadOnly(name, context: context))
    }
}
