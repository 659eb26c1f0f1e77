import IR
import TestSupport
import Testing

@Test func textReadsAndPrintsAsItsGoldenFilesSay() throws {
  try checkGolden(folder: "Text") { item in try parseModule(item.input, file: "text").text }
}
