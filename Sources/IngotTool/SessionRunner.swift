import Accuracy
import Ingot
import Tensors

extension BundleRunner {
  /// Runs the functions of a bundle by the interpreter, with the memory of one of them at a time.
  init(_ model: Model) {
    var latest: Session?
    func session(_ function: Int) throws -> Session {
      if let latest, latest.function == function { return latest }
      latest = nil
      let made = try Session(model, function: function)
      latest = made
      return made
    }
    self.init(
      outputNames: { function in model.outputs(function: function).map(\.name) },
      run: { function, inputs, observer in
        let session = try session(function)
        for (index, tensor) in inputs.enumerated() { try session.setInput(index, to: tensor) }
        if let observer { try session.trace(observer) } else { try session.run() }
        return try session.outputs.indices.map { try session.outputTensor($0) }
      })
  }
}
