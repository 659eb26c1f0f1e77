// swift-tools-version: 6.3
import PackageDescription

// Targets stand in layer order: a target may depend only on those above it here. CI builds with the
// explicit import check, so an import that is not declared below fails.

let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]
let c: [CSetting] = [.treatAllWarnings(as: .error)]

// The files of Targets that come with the compiler; a test compares the list with the folder.
let chips = [
  "apple-ane-a14",
  "apple-ane-a15",
  "apple-ane-a16",
  "apple-ane-a17pro",
  "apple-ane-a18pro",
  "arm-ethos-u55-128",
  "arm-ethos-u55-256",
  "arm-ethos-u65-512",
  "arm-ethos-u85-2048",
  "arm-ethos-u85-512",
  "cpu-arm64",
  "cpu-x86_64",
  "google-coral-edgetpu",
  "google-tensor-g3",
  "mediatek-apu-790",
  "mediatek-npu-890",
  "qualcomm-htp-v69",
  "qualcomm-htp-v73",
  "qualcomm-htp-v75",
  "qualcomm-htp-v79",
]

// Phones have no zstd to link: there the interpreter opens what 'ingot compile --compression none' writes.
let zstdPlatforms: [Platform] = [.macOS, .linux]
let interpreter: [CSetting] =
  c + [.define("INGOT_NO_ZSTD", .when(platforms: [.iOS, .macCatalyst, .tvOS, .watchOS, .visionOS]))]

let package = Package(
  name: "ingot",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "Ingot", targets: ["Ingot"]),
    .library(name: "IngotCompiler", targets: ["IngotCompiler"]),
    .executable(name: "ingot", targets: ["IngotTool"]),
  ],
  traits: [
    .trait(name: "Tool", description: "The command 'ingot', which needs swift-argument-parser."),
    .default(enabledTraits: ["Tool"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    // Layer 0
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(
      name: "CProtobuf", pkgConfig: "libprotobuf-c",
      providers: [.apt(["libprotobuf-c-dev"]), .brew(["protobuf-c"])]),
    .systemLibrary(
      name: "CPng", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CJpeg", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(name: "CImages", dependencies: ["CPng", "CJpeg"], cSettings: c),
    .target(name: "COnnx", dependencies: ["CProtobuf"]),
    .target(
      name: "COpenBLAS", cSettings: c, linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(name: "CEnums", cSettings: c),
    .target(name: "CBundleFormat", dependencies: ["CEnums"], cSettings: c),
    .target(name: "CKernels", dependencies: ["CEnums"], cSettings: c),
    .target(
      name: "CInterpreter",
      dependencies: [
        "CEnums", "CBundleFormat", "CKernels",
        .target(name: "CZstd", condition: .when(platforms: zstdPlatforms)),
      ], cSettings: interpreter),
    .target(name: "CProcess", cSettings: c),
    .target(name: "Tensors", swiftSettings: swift),
    .target(name: "CMemoryPlanner", cSettings: c),
    .target(name: "MemoryPlanner", dependencies: ["CMemoryPlanner"], swiftSettings: swift),

    .target(
      name: "TargetFiles", path: "Targets", exclude: ["README.md", "schema.json"],
      sources: ["TargetFiles.swift"],
      resources: chips.map { .copy("\($0).json") }, swiftSettings: swift),

    // Layer 1
    .target(name: "IR", dependencies: ["Tensors", "COpenBLAS"], swiftSettings: swift),

    // Layer 2
    .target(name: "Passes", dependencies: ["IR", "Tensors"], swiftSettings: swift),
    .target(name: "Machine", dependencies: ["IR", "Tensors", "TargetFiles"], swiftSettings: swift),
    .target(name: "Bundle", dependencies: ["Tensors", "CBundleFormat", "CZstd"], swiftSettings: swift),

    // Layer 3
    .target(
      name: "Quantization", dependencies: ["IR", "Tensors", "Passes", "COpenBLAS"], swiftSettings: swift),
    .target(name: "Importers", dependencies: ["IR", "Tensors", "COnnx", "CZlib"], swiftSettings: swift),
    .target(name: "Samples", dependencies: ["IR", "Tensors", "Importers"], swiftSettings: swift),
    .target(
      name: "Images", dependencies: ["Samples", "Importers", "IR", "Tensors", "CImages"], swiftSettings: swift
    ),
    .target(
      name: "Accuracy", dependencies: ["IR", "Tensors", "Passes", "Bundle", "Samples"], swiftSettings: swift),
    .target(
      name: "Graphs", dependencies: ["IR", "Tensors"], path: "Graphs", exclude: ["Demo", "README.md"],
      swiftSettings: swift
    ),

    // Layer 4
    .target(
      name: "IngotCompiler",
      dependencies: [
        "IR", "Tensors", "Passes", "Quantization", "Machine", "MemoryPlanner", "Bundle", "CBundleFormat",
        "Importers", "Samples", "Graphs",
      ],
      swiftSettings: swift),
    .target(name: "Ingot", dependencies: ["Tensors", "CInterpreter"], swiftSettings: swift),

    // Layer 5
    .executableTarget(
      name: "IngotTool",
      dependencies: [
        "IngotCompiler", "Ingot", "Accuracy", "Importers", "Samples", "Images", "Graphs", "Machine", "Passes",
        "Bundle",
        "MemoryPlanner", "IR", "Quantization",
        "Tensors", "CProcess",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Tool"])),
      ],
      swiftSettings: swift),
    .executableTarget(
      name: "IngotDemo", dependencies: ["Ingot", "Importers", "Tensors"], path: "Graphs/Demo",
      exclude: [
        "README.md", "calibration", "demo.sh", "digits.safetensors", "heldout_images.npy",
        "heldout_labels.npy",
        "pytorch_logits.npy",
        "pytorch_predictions.npy", "train.py",
      ], sources: ["Classify.swift"], swiftSettings: swift),

    // Tests
    .executableTarget(
      name: "FuzzReaders", dependencies: ["Images", "Importers", "IR", "Tensors"], path: "Tests/Fuzz",
      exclude: ["run.sh"],
      swiftSettings: swift),
    .target(
      name: "TestSupport", dependencies: ["IR", "Tensors"], path: "Tests/TestSupport", swiftSettings: swift),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "TestSupport"], swiftSettings: swift),
    .testTarget(
      name: "MemoryPlannerTests", dependencies: ["MemoryPlanner", "TestSupport"], swiftSettings: swift),
    .testTarget(name: "IRTests", dependencies: ["IR", "Tensors", "TestSupport"], swiftSettings: swift),
    .testTarget(
      name: "PassesTests", dependencies: ["Passes", "IR", "Tensors", "TestSupport"], swiftSettings: swift),
    .testTarget(
      name: "QuantizationTests", dependencies: ["Quantization", "Passes", "IR", "Tensors", "TestSupport"],
      swiftSettings: swift),
    .testTarget(name: "MachineTests", dependencies: ["Machine", "IR", "TestSupport"], swiftSettings: swift),
    .testTarget(
      name: "ImportersTests",
      dependencies: ["Importers", "Samples", "Images", "IR", "Tensors", "TestSupport"],
      swiftSettings: swift),
    .testTarget(
      name: "BundleTests", dependencies: ["Bundle", "Tensors", "TestSupport"], swiftSettings: swift),
    .testTarget(
      name: "IngotTests",
      dependencies: ["Bundle", "Ingot", "IngotCompiler", "Machine", "IR", "Tensors"],
      swiftSettings: swift),
    .testTarget(
      name: "GraphsTests",
      dependencies: ["Graphs", "IngotCompiler", "Passes", "IR", "Tensors", "TestSupport"],
      swiftSettings: swift),
    .testTarget(
      name: "CompilerTests",
      dependencies: [
        "Accuracy", "IngotCompiler", "CBundleFormat", "Importers", "Samples", "Ingot", "Passes", "Machine",
        "MemoryPlanner", "Bundle", "Graphs", "Quantization", "IR", "Tensors",
        "TestSupport",
      ],
      swiftSettings: swift),
  ],
  cLanguageStandard: .c11
)
