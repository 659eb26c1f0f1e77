package import Bundle
public import Foundation
import IR
import Machine

/// Turns networks into bundles for one chip.
///
/// ```swift
/// let compiler = try Compiler(target: "cpu-arm64", precision: .fp16)
/// let compiled = try compiler.compile(network)
/// try compiled.data.write(to: URL(filePath: "net.ingot"))
/// print(compiled.facts.arenaBytes, compiled.notes)
/// ```
/// The same network and the same settings give the same bytes. A compiler may be used from any thread.
public struct Compiler: Sendable {
  /// Version of the compiler, as bundles record it.
  public static var version: String { compilerVersion }

  /// How a bundle's weights are stored.
  public enum Compression: String, CaseIterable, Sendable {
    /// As they are: used where the file is mapped, and opened by libraries without zstd, such as those of phones.
    case none
    /// By zstd, where that makes them smaller.
    case zstd
  }

  package var options: CompileOptions

  /// How weights are stored; by zstd at first.
  public var compression: Compression {
    get { options.compression == .none ? .none : .zstd }
    set { options.compression = newValue == .none ? .none : .standard }
  }

  /// How networks that come quantized are computed; on integers at first.
  public var arithmetic: QuantizedArithmetic {
    get { options.arithmetic }
    set { options.arithmetic = newValue }
  }

  /// A compiler for a chip.
  ///
  /// `target` is a name that ``targets(in:)`` lists, or the path of a `.json` file. Names are looked up in
  /// `folders` and then among the chips that come with the compiler. Fails when there is no such chip or its
  /// file is wrong.
  public init(
    target: String = "cpu-arm64", precision: Precision = .fp32, folders: [URL] = []
  ) throws(CompilerError) {
    do throws(TargetError) {
      options = CompileOptions(target: try Self.library(folders).target(target), precision: precision)
    } catch {
      throw CompilerError(.target, error)
    }
  }

  package init(_ options: CompileOptions) { self.options = options }

  /// Names of the chips in `folders` and of those that come with the compiler, sorted.
  public static func targets(in folders: [URL] = []) -> [String] { library(folders).names }

  /// What the chip is called.
  public var targetTitle: String { options.target.title }

  /// Compiles a network into a bundle in memory.
  ///
  /// `progress` is told each stage as it begins, and while writing the share that is done.
  public func compile(
    _ network: Network, progress: (CompileStage, Double?) -> Void = { _, _ in }
  ) throws(CompilerError) -> CompiledNetwork {
    var sink = BundleBytes()
    var compiled = try compile(network, to: &sink, progress: progress)
    compiled.bundle.bytes = sink.bytes
    return compiled
  }

  /// Compiles a network and writes the bundle piece by piece, so that it never lies in memory as a whole.
  package func compile(
    _ network: Network, calibration: Calibration? = nil, to sink: inout some BundleSink,
    progress: (CompileStage, Double?) -> Void = { _, _ in }
  ) throws(CompilerError) -> CompiledNetwork {
    var options = options
    options.provenance = network.provenance
    do throws(Diagnostic) {
      let bundle = try IngotCompiler.compile(
        network.module, options, calibration: calibration, to: &sink, progress: progress)
      return CompiledNetwork(bundle: bundle)
    } catch {
      throw CompilerError(.compiling, error)
    }
  }

  private static func library(_ folders: [URL]) -> TargetLibrary {
    var library = TargetLibrary.ofThisProgram
    library.folders.insert(contentsOf: folders.map { $0.path(percentEncoded: false) }, at: 0)
    return library
  }
}

/// A bundle that was compiled, and what the compiler can tell of it.
public struct CompiledNetwork: Sendable {
  package var bundle: CompiledBundle
  /// What the user should know although the work was done: what was left out, what is computed otherwise.
  public var notes: [CompilerNote] { bundle.module.notes.map { CompilerNote($0) } }
  /// Sizes, work and placement.
  public var facts: CompileFacts { CompileFacts(bundle) }
  /// The bundle's bytes, as they stand in an `.ingot` file.
  public var data: Data { Data(bundle.bytes) }
}
