import ArgumentParser
import Foundation
import Importers
import Ingot
import Samples
import Tensors

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a bundle on arrays.",
    discussion: """
      Every input of the function is given as an array file of its type and shape; every output is written \
      as NAME.npy, of the shape that the run gave it where that depends on the data. In file names every \
      character outside A-Z, a-z, 0-9, '.', '_' and '-' of a name is '_', and inputs may be named so, too.

        ingot run net.ingot --input image=cat.npy --output-dir results/
      """)

  @OptionGroup var source: BundleFunction

  @Option(
    name: .customLong("input"),
    help: ArgumentHelp(
      "An input's array, or a .npz file with several; may be repeated.", valueName: "name=file.npy"))
  var inputs: [String] = []

  @Option(help: ArgumentHelp("Where the outputs are written; made if it does not exist.", valueName: "dir"))
  var outputDir: String

  @Flag(help: "Prints the outputs' names, types and files as JSON.") var json = false

  struct Written: Encodable {
    var name: String
    var element: String
    /// The extents that the run gave.
    var shape: [Int]
    /// What they can be at most; equal to `shape` unless the size depends on data.
    var bound: [Int]
    var file: String
  }

  func run() throws {
    let session = try source.open()
    let files = fileNames(session.outputs.map(\.name)).map { "\($0).npy" }
    for (index, tensor) in try readInputs(inputs, for: session.inputs, of: source.bundle).enumerated() {
      try session.setInput(index, to: tensor)
    }
    try session.run()
    let batch = OutputTransaction()
    try batch.makeFolder(outputDir)
    var written: [Written] = []
    for (index, info) in session.outputs.enumerated() {
      let path = "\(outputDir)/\(files[index])"
      let tensor = try session.outputTensor(index)
      try batch.write(Npy.encode(tensor), to: path)
      written.append(
        Written(
          name: info.name, element: info.element.rawValue, shape: tensor.shape.extents, bound: info.shape,
          file: path))
    }
    try batch.commit {
      if json { return try printJSON(written) }
      for output in written {
        let bound = output.bound == output.shape ? "" : " of at most \(output.bound)"
        print(printable("\(output.name)  \(output.element)\(output.shape)\(bound)  \(output.file)"))
      }
      if let note = try runsOnCPUNote(session.model) { print("\(note)") }
    }
  }
}
