// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
]

/// A library target and its tests, which may need more than it does.
func library(
    _ name: String,
    _ dependencies: [Target.Dependency],
    tests: [Target.Dependency] = [],
    exclude: [String] = []
) -> [Target] {
    [
        .target(
            name: name,
            dependencies: dependencies,
            exclude: exclude,
            swiftSettings: settings
        ),
        .testTarget(
            name: "\(name)Tests",
            dependencies: [.byName(name: name)] + dependencies + tests,
            swiftSettings: settings
        ),
    ]
}

let package = Package(
    name: "slipway",
    products: [.executable(name: "slipway", targets: ["slipway"])],
    dependencies: [],
    targets: [
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CSQLite"),
        .executableTarget(
            name: "slipway",
            dependencies: [
                "API", "Doctor", "Client", "Feed", "Executor", "Workloads", "Journal",
                "SQLiteStore", "Docker", "Engine", "Subprocess", "HTTP", "Sockets", "Terminal",
                "Deployments", "Webhooks", "Services", "Threads",
                "CLinux",
            ],
            swiftSettings: settings
        ),
        .target(
            name: "SQLiteStore",
            dependencies: ["Journal", "Sockets", "Deployments", "Numbers", "CSQLite"],
            swiftSettings: settings
        ),
        .target(name: "CPages"),
        .target(
            name: "Pages",
            dependencies: ["CPages", "Deployments"],
            exclude: ["client", "dashboard", "loader.js", "slipway.js"],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "JournalBenchmark",
            dependencies: ["SQLiteStore", "Journal", "Deployments", "CSQLite"],
            path: "Tests/Benchmarks/JournalBenchmark",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "FeedBenchmark",
            dependencies: ["Feed", "SQLiteStore", "Journal", "HTTP", "Deployments"],
            path: "Tests/Benchmarks/FeedBenchmark",
            swiftSettings: settings
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["Deployments"],
            swiftSettings: settings
        ),
    ]
        + library(
            "API",
            [
                "Feed", "Executor", "Workloads", "Webhooks", "Journal", "Subprocess", "Engine",
                "HTTP", "Metrics", "Threads", "Deployments", "Pages",
            ],
            tests: ["Docker", "SQLiteStore"],
            exclude: ["openapi.json"]
        )
        + library(
            "Doctor",
            [
                "Client", "SQLiteStore", "Journal", "Docker", "Engine", "Subprocess", "HTTP",
                "Sockets", "Deployments", "Numbers", "Threads", "CLinux",
            ]
        )
        + library(
            "Client",
            ["HTTP", "Subprocess", "Sockets", "Streams", "Threads", "Deployments", "CLinux"]
        )
        + library("Feed", ["Journal", "HTTP", "Metrics", "Deployments"], tests: ["SQLiteStore"])
        + library(
            "Executor",
            [
                "Probing", "Journal", "Engine", "Subprocess", "Streams", "Sockets", "Deployments",
                "Threads", "Numbers", "CLinux",
            ],
            tests: ["Docker", "SQLiteStore"]
        )
        + library(
            "Webhooks",
            ["Client", "Journal", "Sockets", "Threads", "Deployments", "Numbers"],
            tests: ["SQLiteStore"]
        )
        + library(
            "Workloads",
            ["Probing", "Journal", "Engine", "Streams", "Threads", "Deployments"],
            tests: ["Docker", "Subprocess", "SQLiteStore"]
        )
        + library("Probing", ["Engine", "Sockets", "Deployments"])
        + library(
            "Journal",
            ["Metrics", "Deployments"],
            tests: ["SQLiteStore", "Numbers", "CSQLite"]
        )
        + library(
            "Docker",
            ["Engine", "Subprocess", "Streams", "Deployments", "Threads", "Numbers"]
        )
        + library("Subprocess", ["Sockets", "Streams", "Threads", "CLinux"])
        + library("Engine", ["Streams", "Deployments", "Numbers"])
        + library("Streams", [])
        + library("HTTP", ["Sockets", "Streams", "Threads"])
        + library("Sockets", ["CLinux"])
        + library("Terminal", ["Deployments"])
        + library("Metrics", [])
        + library("Services", ["Threads"])
        + library("Threads", [])
        + library("Numbers", [])
        + library("Deployments", ["Numbers"]),
    swiftLanguageModes: [.v6]
)
