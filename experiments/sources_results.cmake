# Sources of the target sluice_results (alias sluice::results): the result file, writer and reader.
set(SLUICE_RESULT_SOURCES durable_file.cc hdf5_attributes.cc hdf5_file.cc hdf5_stream.cc request_log.cc result_file.cc result_reader.cc cmdp_file.cc inspect.cc)
