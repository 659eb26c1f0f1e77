// swift-tools-version: 6.3
import PackageDescription

// A package outside the repository's own that depends on the compiler as others do.
let package = Package(
  name: "consumer",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "ingot", path: "../../..")],
  targets: [
    .executableTarget(
      name: "CompileDigits", dependencies: [.product(name: "IngotCompiler", package: "ingot")])
  ]
)
