import Bundle
import IR
import Tensors

/// The weights of a module as a bundle stores them: each name and contents once, and none that lies inside another.
struct WeightPool {
  private(set) var weights: [BundleWeight] = []
  private let shared: SharedContents
  private var indices: [String: Int] = [:]
  /// Weights by where their contents lie, so that contents which two functions share are kept once whatever
  /// their names.
  private var places: [Contents: Int] = [:]

  private struct Contents: Hashable {
    var storage: ObjectIdentifier
    var offset: Int
    var element: ElementType
    var shape: Shape

    init(_ tensor: Tensor) {
      storage = ObjectIdentifier(tensor.storage)
      offset = tensor.byteOffset
      element = tensor.element
      shape = tensor.shape
    }
  }

  /// `graphs` are all whose weights will be asked for: functions of one module, so that a name means one weight.
  init(_ graphs: [Graph]) { shared = SharedContents(graphs) }

  /// Where a weight lies: in which weight of the bundle, how many bytes that has, and where it begins in it.
  mutating func place(of name: String, _ tensor: Tensor) -> (index: Int, bytes: Int, offset: Int) {
    if let place = shared.place(of: tensor), let whole = place.whole.tensor {
      return (index(of: place.whole.name, whole), whole.byteCount, place.offset)
    }
    return (index(of: name, tensor), tensor.byteCount, 0)
  }

  private mutating func index(of name: String, _ tensor: Tensor) -> Int {
    if let index = indices[name] ?? places[Contents(tensor)] { return index }
    indices[name] = weights.count
    places[Contents(tensor)] = weights.count
    weights.append(BundleWeight(name: name, tensor: tensor))
    return weights.count - 1
  }

  /// Has a weight stored in another order than row-major.
  mutating func store(_ index: Int, in layout: Layout) { weights[index].layout = layout }
}
