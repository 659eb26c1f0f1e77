// swift-tools-version: 6.3
import PackageDescription

// A package outside the repository's own that depends on the interpreter as apps do. Without the trait "Tool" nothing else
// is fetched or built.
let package = Package(
  name: "consumer",
  platforms: [.macOS(.v15), .iOS(.v18)],
  dependencies: [.package(name: "ingot", path: "../../..", traits: [])],
  targets: [
    .executableTarget(name: "RunBundle", dependencies: [.product(name: "Ingot", package: "ingot")])
  ]
)
