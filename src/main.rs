//! The `ossvec` program: parse, run, report the error, exit with ossutil's code.

fn main() {}
