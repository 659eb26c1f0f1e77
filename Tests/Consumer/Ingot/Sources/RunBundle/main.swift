import Foundation
import Ingot

// RunBundle AFFINE.ingot
//
// Runs the bundle of affine.graph as an app would: from a file and from data, inputs and outputs by name, stopped and
// cancelled. Ends with status 1 where an answer is not what it should be.

func check(_ condition: Bool, _ what: String) {
  guard !condition else { return }
  print("FAILED: \(what)")
  exit(1)
}

guard CommandLine.arguments.count == 2 else {
  print("usage: RunBundle AFFINE.ingot")
  exit(2)
}
let url = URL(filePath: CommandLine.arguments[1])
let pixels: [Float] = [1, 2, 3, 4, 5, 6]

func scores() throws -> [Float] {
  let session = try Session(try Model(url: url))
  try session.setInput("image:0", to: pixels)
  try session.run()
  let scores = try session.output("scores")
  return scores
}
check(try scores() == [22.5, -72, 49.5, -36], "the product by name: \(try scores())")

// From data, without a file, and other types.
let model = try Model(data: try Data(contentsOf: url))
print("\(model.functions), \(model.multiplyAdds()) multiply-adds, library \(Model.libraryVersion)")
let session = try Session(model, threads: 2)
check(
  session.inputs.map(\.element) == [.f32] && session.outputs.map(\.element) == [.f32, .bool], "element types")
try session.setInput(0, to: pixels.withUnsafeBytes { Data($0) })
try session.run()
check(try session.output("negative", as: Bool.self) == [false, true, false, true], "truth values")
check(try session.outputData("negative") == Data([0, 1, 0, 1]), "bytes")

// Failures are values that say what was expected.
do {
  try session.setInput("image", to: pixels)
  check(false, "an unknown name is an error")
} catch {
  check(
    error.code == .argument && error.message.contains("'image:0'"), "the error lists the inputs: \(error)")
}

// A run ends when its task is cancelled.
let task = Task.detached {
  let long = try Session(model, function: "long")
  while true { try long.run() }
}
task.cancel()
switch await task.result {
case .success: check(false, "a cancelled run ends")
case .failure(let error): check((error as? InterpreterError)?.code == .stopped, "it was stopped: \(error)")
}
print("all as expected")
