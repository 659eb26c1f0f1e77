/// What a file is, told by its contents, whatever its name. For messages that say what was given and what to do with
/// it where another kind of file was expected.
package enum FileKind: Hashable, Sendable, CaseIterable {
  case onnx, onnxText, graphText
  case bundle
  case safetensors, shardIndex, torchCheckpoint, legacyTorchCheckpoint
  case torchScript, exportedProgram, executorch
  case tfLite, savedModel, graphDefinition, hdf5, keras
  case coreML, coreMLPackage, gguf, ggml, onnxRuntime, openVINO, ncnn, paddle, caffe, caffeText, mxnet
  case tensorRT, rknn, hailo, kendryte
  case array, arrays, matlab
  case pickle, zip, gzip, xz, zstd, bzip2, sevenZip, tar, rar
  case gitPointer, webPage, json, image, sound, pdf, program, database
  case pythonSource, notebook, text, wideText

  /// Whether it may hold the parameters of a graph.
  var isCheckpoint: Bool {
    switch self {
    case .safetensors, .shardIndex, .torchCheckpoint, .legacyTorchCheckpoint, .torchScript, .pickle, .arrays:
      true
    default: false
    }
  }

  /// As a clause that follows the file's path: `is a TensorFlow Lite model`.
  package var description: String {
    switch self {
    case .onnx: "is an ONNX model"
    case .onnxText: "is an ONNX model as text"
    case .graphText: "is a graph as text"
    case .bundle: "is a compiled bundle"
    case .safetensors: "is a safetensors checkpoint"
    case .shardIndex: "is the index of a checkpoint in several files"
    case .torchCheckpoint: "is a checkpoint of torch.save"
    case .legacyTorchCheckpoint: "is a checkpoint of torch.save, as PyTorch before 1.6 wrote it"
    case .torchScript: "is a TorchScript program"
    case .exportedProgram: "is a program of torch.export"
    case .executorch: "is an ExecuTorch program"
    case .tfLite: "is a TensorFlow Lite model"
    case .savedModel: "is a TensorFlow SavedModel"
    case .graphDefinition: "is a TensorFlow graph"
    case .hdf5: "is an HDF5 file, as Keras saves"
    case .keras: "is a Keras model"
    case .coreML: "is a Core ML model"
    case .coreMLPackage: "is a Core ML package in a zip file"
    case .gguf: "is a GGUF file"
    case .ggml: "is a model of ggml, in a format older than GGUF"
    case .onnxRuntime: "is a model in ONNX Runtime's own format"
    case .openVINO: "is an OpenVINO model"
    case .ncnn: "is an ncnn model"
    case .paddle: "is a PaddlePaddle model"
    case .caffe: "is a Caffe model"
    case .caffeText: "is a Caffe model as text"
    case .mxnet: "is a file of MXNet parameters"
    case .tensorRT: "is a TensorRT engine, built for one GPU"
    case .rknn: "is an RKNN model, built for one Rockchip NPU"
    case .hailo: "is a HEF file, built for one Hailo chip"
    case .kendryte: "is a kmodel file, built for one Kendryte chip"
    case .array: "is a single NumPy array"
    case .arrays: "holds NumPy arrays"
    case .matlab: "is a MATLAB file"
    case .pickle: "is a pickle, but not of torch.save"
    case .zip: "is a zip file"
    case .gzip: "is compressed with gzip"
    case .xz: "is compressed with xz"
    case .zstd: "is compressed with zstd"
    case .bzip2: "is compressed with bzip2"
    case .sevenZip: "is a 7-Zip archive"
    case .tar: "is a tar archive"
    case .rar: "is a RAR archive"
    case .gitPointer: "is a Git LFS pointer, which stands for the file"
    case .webPage: "is a web page"
    case .json: "is a JSON file without a weight_map"
    case .image: "is an image"
    case .sound: "is sound or video"
    case .pdf: "is a PDF document"
    case .program: "is a program or a library of machine code"
    case .database: "is an SQLite database"
    case .pythonSource: "is Python source"
    case .notebook: "is a Jupyter notebook"
    case .text: "is text"
    case .wideText: "is text in UTF-16"
    }
  }

  /// What to do where a model was expected, as an imperative clause; nil for a model.
  package var adviceAsModel: String? {
    switch self {
    case .onnx: nil
    case .graphText: "let its name end in .graph"
    case .wideText:
      "networks come as .onnx files; a graph as text must be UTF-8, in a file whose name ends in .graph"
    case .safetensors, .shardIndex, .torchCheckpoint, .legacyTorchCheckpoint, .arrays:
      "it has parameters but no graph: give it with --checkpoint and the graph with --graph ('ingot graphs' lists "
        + "them), or export the network with torch.onnx.export"
    case .bundle: "it is compiled already: use 'ingot run', 'ingot verify' or 'ingot inspect'"
    default: conversion ?? unpacking ?? "check that it is the file you mean; networks come as .onnx files"
    }
  }

  /// What to do where a bundle was expected, as an imperative clause.
  var adviceAsBundle: String {
    self == .onnx || self == .graphText
      ? "compile it first with 'ingot compile'" : adviceAsModel ?? "give a file that 'ingot compile' wrote"
  }

  /// What to do where a checkpoint was expected, as an imperative clause.
  package var adviceAsCheckpoint: String {
    switch self {
    case .onnx: "give it as the model, without --graph and --checkpoint"
    case .bundle: "it is compiled already: use 'ingot run', 'ingot verify' or 'ingot inspect'"
    case .torchScript: "save model.state_dict() instead, torch.jit.load(FILE).state_dict() has it"
    case .exportedProgram: "save torch.export.load(FILE).state_dict with torch.save"
    case .array: "save all parameters together with numpy.savez"
    case .hdf5, .keras, .tfLite, .savedModel, .graphDefinition, .coreML, .coreMLPackage, .onnxRuntime,
      .openVINO, .ncnn, .paddle, .executorch, .caffe, .mxnet, .matlab:
      "convert its weights to safetensors, under the names of the graph"
    case .gguf, .ggml: "take the safetensors files that it was made from"
    case .tensorRT, .rknn, .hailo, .kendryte: "take the checkpoint that it was made from"
    case .caffeText, .pythonSource, .notebook, .text, .wideText, .pdf, .program, .database, .image, .sound:
      "give the file with the network's parameters"
    default: unpacking ?? "convert it to safetensors"
    }
  }

  /// How a model of another framework becomes an ONNX model.
  private var conversion: String? {
    switch self {
    case .torchScript, .exportedProgram, .executorch, .pythonSource, .notebook:
      "export the network in Python with torch.onnx.export"
    case .tfLite: "convert it with python -m tf2onnx.convert --tflite FILE --output model.onnx"
    case .savedModel:
      "convert its folder with python -m tf2onnx.convert --saved-model FOLDER --output model.onnx"
    case .graphDefinition: "convert it with python -m tf2onnx.convert --graphdef FILE --output model.onnx"
    case .hdf5, .keras: "load it in Keras and export it with model.export('model.onnx', format='onnx')"
    case .coreML, .coreMLPackage, .gguf, .ggml, .openVINO, .ncnn, .caffe, .caffeText, .mxnet:
      "export an ONNX model from the framework it was trained in"
    case .paddle: "convert it with paddle2onnx --model_dir FOLDER --save_file model.onnx"
    case .onnxRuntime, .tensorRT, .rknn, .hailo, .kendryte: "give the .onnx file that it was made from"
    case .onnxText: "convert it in Python: onnx.save(onnx.load(FILE, format='textproto'), 'model.onnx')"
    default: nil
    }
  }

  private var unpacking: String? {
    switch self {
    case .zip, .gzip, .xz, .zstd, .bzip2, .sevenZip, .tar, .rar: "unpack it and give the file inside"
    case .gitPointer: "fetch the file itself with 'git lfs pull'"
    case .webPage: "fetch the file itself, not the page that shows it"
    default: nil
    }
  }
}
