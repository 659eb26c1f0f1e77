/// The order of a list of nodes, found from the names that they read and define.
struct ONNXOrder {
  enum Outcome {
    case order([Int])
    /// Each of these reads what the next one defines, and the last what the first one does.
    case cycle([Int])
  }

  /// All names that are read.
  private(set) var names: Set<String> = []
  private var reads: [[String]] = []
  private var definers: [String: Int] = [:]

  /// Adds the next node of the list.
  mutating func add(reads: [String], defines: [String]) {
    for name in defines where !name.isEmpty { definers[name] = self.reads.count }
    self.reads.append(reads.filter { !$0.isEmpty })
    names.formUnion(self.reads[self.reads.count - 1])
  }

  /// The first node that reads what no node before it but a later one, or itself, defines.
  var firstLate: (reader: Int, name: String, definer: Int)? {
    for (reader, names) in reads.enumerated() {
      for name in names {
        if let definer = definers[name], definer >= reader { return (reader, name, definer) }
      }
    }
    return nil
  }

  /// The nodes in their order in the list, but for those that are read before: they stand just before their first
  /// reader.
  func sorted() -> Outcome {
    var order: [Int] = []
    var isPlaced = [Bool](repeating: false, count: reads.count)
    var isPending = isPlaced
    // Nodes whose definers are being placed, each with the next name to look at.
    var pending: [(node: Int, next: Int)] = []
    for first in reads.indices where !isPlaced[first] {
      pending.append((first, 0))
      isPending[first] = true
      while let (node, next) = pending.last {
        guard next < reads[node].count else {
          order.append(node)
          isPlaced[node] = true
          isPending[node] = false
          pending.removeLast()
          continue
        }
        pending[pending.count - 1].next += 1
        guard let definer = definers[reads[node][next]], !isPlaced[definer] else { continue }
        guard !isPending[definer] else {
          let start = pending.firstIndex { $0.node == definer } ?? 0
          return .cycle(pending[start...].map(\.node))
        }
        pending.append((definer, 0))
        isPending[definer] = true
      }
    }
    return .order(order)
  }
}
