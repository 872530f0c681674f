//! Output formats. Nothing prints outside this module and the command line.
