// What hlsc says of a program: refusals with file, line, and what to write instead.
#pragma once

#include <stdexcept>
#include <string>

namespace llvm {
class Function;
class GlobalVariable;
class Instruction;
}  // namespace llvm

namespace causeway::hlsc {

// The program is outside the subset, or misses its clock. what() is the whole line: "file:line: error: ...".
class Refused : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// "file:line" in the user's own files (not in ap_int.h and hls_stream.h), then the lines that called it.
std::string where(const llvm::Instruction* at);
std::string where(const llvm::GlobalVariable& variable);
std::string where(const llvm::Function& function);

[[noreturn]] void refuse(const std::string& place, const std::string& reason);

// The name that the source has for a static variable or a function.
std::string source_name(const llvm::GlobalVariable& variable);
std::string source_name(const llvm::Function& function);

}  // namespace causeway::hlsc
