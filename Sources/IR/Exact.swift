/// A number that compares by its bits: −0 is not 0, and NaN is itself. Ops compute differently by them.
@propertyWrapper
package struct Exact: Hashable, Sendable {
  package var wrappedValue: Double
  package init(wrappedValue: Double) { self.wrappedValue = wrappedValue }

  package static func == (a: Exact, b: Exact) -> Bool {
    a.wrappedValue.bitPattern == b.wrappedValue.bitPattern
  }
  package func hash(into hasher: inout Hasher) { hasher.combine(wrappedValue.bitPattern) }
}
