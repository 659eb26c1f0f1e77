import CBundleFormat
import Tensors

/// The layouts of a bundle, which weights and tensors of programs name by number: 0 for row-major, then one past their
/// place in the table.
struct LayoutTable {
  private(set) var layouts: [Layout] = []
  private var numbers: [Layout: UInt16] = [:]

  init(_ programs: [Program], _ weights: [BundleWeight]) throws(BundleError) {
    for layout in weights.lazy.map(\.layout) { try add(layout) }
    for layout in programs.lazy.flatMap(\.tensors).map(\.layout) { try add(layout) }
  }

  /// Reads a table.
  init(_ entries: [ingot_layout]) throws(BundleError) {
    for entry in entries {
      let rank = min(Int(entry.rank), Int(INGOT_MAX_RANK))
      let order = withUnsafeBytes(of: entry.order) { $0.prefix(rank).map { Int($0) } }
      let block = Layout.Block(axis: Int(entry.block_axis), extent: Int(entry.block_extent))
      let layout = Layout(order, block: entry.block_extent == 0 ? nil : block)
      guard layout.fits(rank: rank) else { throw BundleError("layout \(layout) is no order of \(rank) axes") }
      layouts.append(layout)
    }
  }

  private mutating func add(_ layout: Layout?) throws(BundleError) {
    guard let layout, !layout.isRowMajor, numbers[layout] == nil else { return }
    guard layouts.count < Int(INGOT_MAX_LAYOUTS), (layout.block?.extent ?? 0) <= Int(INGOT_MAX_BLOCK) else {
      throw BundleError(
        "has layout \(layout) as number \(layouts.count + 1), a bundle holds \(INGOT_MAX_LAYOUTS) with blocks of at most \(INGOT_MAX_BLOCK)"
      )
    }
    layouts.append(layout)
    numbers[layout] = UInt16(layouts.count)
  }

  func number(of layout: Layout?) -> UInt16 { layout.flatMap { numbers[$0] } ?? 0 }

  func layout(_ number: UInt16) throws(BundleError) -> Layout? {
    guard number > 0 else { return nil }
    guard Int(number) <= layouts.count else {
      throw BundleError("names layout \(number) of \(layouts.count)")
    }
    return layouts[Int(number) - 1]
  }

  var entries: [ingot_layout] {
    layouts.map { layout in
      var entry = ingot_layout()
      entry.rank = UInt8(layout.order.count)
      withUnsafeMutableBytes(of: &entry.order) { $0.copyBytes(from: layout.order.map { UInt8($0) }) }
      entry.block_axis = UInt8(layout.block?.axis ?? 0)
      entry.block_extent = UInt16(layout.block?.extent ?? 0)
      return entry
    }
  }
}
