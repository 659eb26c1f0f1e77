import Bundle
import IR
import Tensors

/// The weights of all functions of a bundle: each name and contents once.
struct WeightPool {
  private(set) var weights: [BundleWeight] = []
  private var indices: [String: Int] = [:]

  /// Index of a weight. A weight that has the name of another with different contents gets the function's
  /// name in front.
  mutating func index(of name: String, _ tensor: Tensor, function: String) -> Int {
    for candidate in [name, "\(function)/\(name)"] {
      if let index = indices[candidate] {
        if weights[index].tensor.isIdentical(to: tensor) { return index }
      } else {
        return add(candidate, tensor)
      }
    }
    return add("\(function)/\(name)#\(weights.count)", tensor)
  }

  private mutating func add(_ name: String, _ tensor: Tensor) -> Int {
    indices[name] = weights.count
    weights.append(BundleWeight(name: name, tensor: tensor))
    return weights.count - 1
  }
}
