// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for every Swift target: Swift 6 mode, explicit imports, explicit existentials, and no
/// warnings but of what is deprecated.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
    // A release of a package or a toolchain that deprecates something must not stop the build.
    .treatWarning("DeprecatedDeclaration", as: .warning),
]

/// What goes through WAL byte by byte is optimised in debug builds too, or the tests would wait for it; its
/// assertions are kept.
let quick: [SwiftSetting] = [
    .unsafeFlags(["-O", "-assert-config", "Debug"], .when(configuration: .debug))
]

func module(
    _ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil
) -> Target {
    let decodes = [
        "Notation", "PostgresFormat", "Planning", "WALEvents", "Repository", "Holdings", "Repair", "TestKit",
        "TestValues",
    ].contains(name)
    return .target(
        name: name, dependencies: dependencies, resources: resources,
        swiftSettings: strict + (decodes ? quick : []))
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    testsOfValues(name, dependencies + ["TestKit"])
}

/// Tests that need no server: they build without libpq and SQLite.
func testsOfValues(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies + ["TestValues"], swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
    name: "pitr",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CSupport"),

        module("Notation", []),
        module("PostgresFormat", ["CSupport", "Notation"]),
        module("Platform", ["CSupport", "CZstd", "Notation", "PostgresFormat"]),
        module("PostgresClient", ["CLibPQ", "PostgresFormat", "Platform"]),
        module("WALEvents", ["Notation", "PostgresFormat"]),
        module("Planning", ["PostgresFormat"]),
        module(
            "Repository", ["CSupport", "Notation", "Platform", "PostgresFormat", "WALEvents", "Planning"]),
        module("Instance", ["Platform", "PostgresFormat", "PostgresClient"]),
        module(
            "Capture",
            [
                "CSupport", "Repository", "Notation", "Platform", "PostgresFormat", "PostgresClient",
                "Planning", "WALEvents",
            ]),
        module(
            "Holdings",
            [
                "Repository", "WALEvents", "Planning", "Notation", "Platform", "PostgresFormat",
                "PostgresClient",
            ]),
        module(
            "Restore",
            [
                "Holdings", "Repository", "Planning", "Instance", "Notation", "Platform", "PostgresFormat",
                "PostgresClient",
            ]),
        module("ServiceModel", ["WALEvents", "Planning", "Notation", "Platform", "PostgresFormat"]),
        module(
            "Repair",
            ["ServiceModel", "PostgresClient", "Notation", "Platform", "PostgresFormat", "WALEvents"]),
        module("Catalog", [grdb, "ServiceModel", "Platform", "PostgresFormat"]),
        module(
            "ControlPlane",
            [
                grdb, "Catalog", "Capture", "Holdings", "Repository", "WALEvents", "Planning", "Restore",
                "Repair", "Instance", "ServiceModel", "Notation", "Platform", "PostgresFormat",
                "PostgresClient",
            ]),
        module(
            "AzureAPI", ["ServiceModel", "WALEvents", "Planning", "Notation", "Platform", "PostgresFormat"]),
        // What the pages look like is in the program itself: nothing to install beside it.
        module("Portal", ["Notation"], resources: [.embedInCode("Assets")]),
        module(
            "Server",
            [
                hummingbird, hummingbirdCore, hummingbirdTLS, lifecycle, logging, nioCore, nioPosix,
                httpTypes,
                "AzureAPI", "ControlPlane", "Planning", "Notation", "Platform", "Portal", "PostgresFormat",
                "ServiceModel", "WALEvents",
            ]),
        .executableTarget(
            name: "pitr",
            dependencies: [
                argumentParser, "Yams", "AzureAPI", "ControlPlane", "Planning", "Notation", "Platform",
                "PostgresClient",
                "PostgresFormat", "Repair", "Server", "ServiceModel", "WALEvents",
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "pitr-wal",
            dependencies: ["CZlib", "Repository", "WALEvents", "Planning", "Platform", "PostgresFormat"],
            swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-static-stdlib"])]),
        .executableTarget(
            name: "wal-fuzz", dependencies: ["TestKit", "TestValues", "PostgresFormat"], swiftSettings: strict
        ),
        module("ServiceSamples", ["ServiceModel", "PostgresFormat"]),
        module("TestValues", []),
        module("TestKit", ["Notation", "Platform", "PostgresClient", "PostgresFormat", "TestValues"]),
        testsOfValues("Notation", ["Notation"]),
        tests("PostgresFormat", ["CSupport", "PostgresFormat", "Platform"]),
        tests("Platform", ["Notation", "Platform"]),
        tests("PostgresClient", ["PostgresClient", "Platform", "PostgresFormat"]),
        tests("WALEvents", ["WALEvents", "PostgresFormat", "PostgresClient", "Platform"]),
        tests("Planning", ["Planning", "PostgresFormat"]),
        tests("Repository", ["Repository", "WALEvents", "Planning", "Platform", "PostgresFormat"]),
        tests("Holdings", ["Holdings", "Repository", "WALEvents", "Planning", "Platform", "PostgresFormat"]),
        tests(
            "Repair", ["Repair", "ServiceModel", "WALEvents", "Platform", "PostgresClient", "PostgresFormat"]),
        tests(
            "Capture",
            ["Capture", "Repository", "Notation", "Platform", "PostgresClient", "PostgresFormat"]),
        tests("Instance", ["Instance", "PostgresClient", "PostgresFormat", "Platform"]),
        tests("Catalog", [grdb, "Catalog", "ServiceModel", "Platform", "PostgresFormat"]),
        tests(
            "ControlPlane",
            [
                grdb, "ControlPlane", "Catalog", "Repository", "Restore", "ServiceModel", "WALEvents",
                "Planning", "Notation", "Platform", "PostgresFormat", "Instance",
            ]),
        testsOfValues(
            "AzureAPI",
            ["AzureAPI", "ServiceModel", "ServiceSamples", "Notation", "Platform", "PostgresFormat"]),
        testsOfValues("Portal", ["Notation", "Portal"]),
        tests(
            "Server",
            [
                nioCore, nioPosix, "Server", "AzureAPI", "ControlPlane", "Notation", "Platform", "Portal",
                "Planning", "PostgresFormat", "ServiceModel", "ServiceSamples", "WALEvents",
            ]),
        tests(
            "CommandLine",
            [
                "pitr", argumentParser, "Yams", "AzureAPI", "ControlPlane", "ServiceModel", "ServiceSamples",
                "WALEvents", "Planning", "Notation", "Platform", "PostgresFormat",
            ]),
        tests("Guide", ["Platform"]),
        tests(
            "EndToEnd",
            [
                "Holdings", "Repository", "Notation", "Platform", "PostgresFormat", "PostgresClient",
                "Planning",
            ]),
        testsOfValues("Tidy", []),
    ]
)
