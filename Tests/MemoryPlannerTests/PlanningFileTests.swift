import MemoryPlanner
import Testing

@Suite struct PlanningFileTests {
  private let example = "id,lower,upper,size\nb1,0,3,4\nb2,3,9,4\nb3,0,9,4\nb4,9,21,4\nb5,0,21,4\n"

  @Test func readsRowsWithAnExclusiveEnd() throws {
    let file = try PlanningFile(csv: example)
    #expect(file.names == ["b1", "b2", "b3", "b4", "b5"])
    #expect(file.problem.buffers[1] == Buffer(id: 1, size: 4, firstStep: 3, lastStep: 8))
    #expect(file.offsets == nil)
    #expect(plan(file.problem).peak == 12)
  }

  @Test func writesWhatItReads() throws {
    #expect(try PlanningFile(csv: example).csv == example)
  }

  @Test func writesThePlanAsAColumn() throws {
    var file = try PlanningFile(csv: "size,id,upper,lower,alignment\n10,x,4,0,8\n3,y,2,1,1\n")
    file.offsets = plan(file.problem).offsets
    #expect(file.csv == "id,lower,upper,size,alignment,offset\nx,0,4,10,8,0\ny,1,2,3,1,16\n")
    #expect(try PlanningFile(csv: file.csv) == file)
  }

  @Test func acceptsCarriageReturnsSpacesAndBlankLines() throws {
    let file = try PlanningFile(csv: "id, lower ,upper,size\r\n a,0,1,2\r\n\r\n")
    #expect(file.names == ["a"])
  }

  @Test(arguments: [
    ("", PlanningFileError.unknownColumn("")),
    ("id,lower,upper\n", .missingColumn("size")),
    ("id,lower,upper,size,color\n", .unknownColumn("color")),
    ("id,lower,upper,size,id\n", .repeatedColumn("id")),
    ("id,lower,upper,size\na,0,1\n", .fieldCount(line: 2, found: 3, expected: 4)),
    ("id,lower,upper,size\na,0,1,8\nb,0,1,big\n", .notAnInteger(line: 3, column: "size", found: "big")),
    (
      "id,lower,upper,size\na,0,1,9223372036854775808\n",
      .notAnInteger(line: 2, column: "size", found: "9223372036854775808")
    ),
    ("id,lower,upper,size\na,0,1,8\na,2,3,8\n", .repeatedName(line: 3, name: "a", first: 2)),
    ("id,lower,upper,size\na,1,1,8\n", .emptyLifetime(line: 2, lower: 1, upper: 1)),
    ("id,lower,upper,size\n\na,0,1,8\nb,0,1,-8\n", .invalid(line: 4, .negativeSize(1, size: -8))),
    ("id,lower,upper,size\na,0,1,-8\n", .invalid(line: 2, .negativeSize(0, size: -8))),
  ])
  func malformedTextIsRefusedWithItsLine(text: String, error: PlanningFileError) {
    #expect(throws: error) { try PlanningFile(csv: text) }
  }
}
