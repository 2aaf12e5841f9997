// From source to LLVM IR: clang, the pragmas, and the passes that leave one function without loops and calls.
#pragma once

#include <llvm/IR/Module.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace causeway::hlsc {

struct Pragma {
    std::string file;
    unsigned line;
    std::string name;                           // "PIPELINE"
    std::map<std::string, std::string> values;  // "ii" -> "1", "complete" -> ""; keys in lower case
    std::string place() const { return file + ":" + std::to_string(line); }
};

// The pragmas of one function: those between its braces.
class Pragmas {
  public:
    Pragmas(const llvm::Function& function);
    unsigned interval = 1;  // of PIPELINE
    bool is_pipeline = false, is_dataflow = false;
    std::map<std::string, unsigned> distance;              // DEPENDENCE variable=... distance=...
    std::map<std::string, Pragma> partitioned, in_memory;  // ARRAY_PARTITION, BIND_STORAGE
    std::map<std::string, unsigned> depth;                 // STREAM variable=... depth=...

  private:
    void take(const Pragma& p);
};

// Compiles the source with clang++-19, or reads bitcode (*.bc).
std::unique_ptr<llvm::Module> load(llvm::LLVMContext& context, const std::string& source,
                                   const std::vector<std::string>& clang_options);

// The function that the source calls `process`.
llvm::Function& find_process(llvm::Module& module, const std::string& process);

// Inlines every call, lowers the stream calls to typed ones (hlsc.read.W, hlsc.write.W) and checks how
// empty() is used. Other functions of the module are then internal.
void flatten(llvm::Function& process);

// `c ? table_a[i] : table_b[j]` chooses an address, and LLVM likes to: makes it a choice of values.
void choose_values(llvm::Function& function);

// Rounds of unrolling and simplification, as LLVM's own names say.
void run_passes(llvm::Function& function, llvm::StringRef passes);
extern const char* const unroll_passes;
extern const char* const clean_passes;

// Bits that a value of `width` bits takes in memory.
unsigned storage_width(unsigned width);

}  // namespace causeway::hlsc
