// The C++ header: cpp ROOT FOLDER.
#include <dmv_redact.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#define CHECK(condition) \
  if (!(condition)) throw std::runtime_error(#condition)

template <typename Call>
static bool fails(Call call) {
  try {
    call();
  } catch (const std::exception&) {
    return true;
  }
  return false;
}

static void run(const std::string& root, const std::string& folder) {
  std::ifstream file(root + "/fixtures/dr-in-state-police/message.xml", std::ios::binary);
  const std::string message{std::istreambuf_iterator<char>(file), {}};
  dmv_redact::config config;
  config.path(DMVR_PART_POLICY, root + "/policies/massachusetts.toml").option("limit", "depth=100");
  dmv_redact::filter filter(config);
  dmv_redact::request request;
  request.set(DMVR_ATTRIBUTE_REQUESTER, "AZ0070000").set(DMVR_ATTRIBUTE_PURPOSE, "C");
  filter.check_request(request);
  dmv_redact::redaction redaction;
  dmv_redact::log log(folder + "/cpp.ndjson", filter);
  filter.redact(request, message, redaction);
  log.append("line 1", "", request, redaction);
  CHECK(redaction.receipt().releases && redaction.output().find("JORDAN") != std::string_view::npos);
  CHECK(redaction.json().find("JORDAN") == std::string_view::npos);
  filter.swap(dmv_redact::config(), &log);
  // A text with a zero would be another one in C. What isn't recorded has no output; the request is refused until it is cleared.
  const std::string zero("7f3a\0-0042", 10);
  for (const bool is_source : {true, false}) {
    dmv_redact::redaction lost;
    filter.redact(request, message, lost);
    CHECK(!lost.output().empty());
    CHECK(fails([&] { log.append(is_source ? zero : "line 1", is_source ? "" : zero, request, lost); }));
    CHECK(fails([&] { lost.output(); }) || lost.output().empty());
    CHECK(fails([&] { request.set(DMVR_ATTRIBUTE_CLAIM, zero); }));
    CHECK(fails([&] { filter.redact(request, message, lost); }));
    request.clear().set(DMVR_ATTRIBUTE_REQUESTER, "AZ0070000").set(DMVR_ATTRIBUTE_PURPOSE, "C");
  }
  CHECK(fails([&] { dmv_redact::config().path(DMVR_PART_POLICY, zero); }));
  CHECK(fails([&] { dmv_redact::config().bytes(DMVR_PART_POLICY, zero, ""); }));
  CHECK(fails([&] { dmv_redact::config().option("limit", zero); }));
  log.end();
  // Objects can be moved, and free themselves once.
  dmv_redact::redaction other(std::move(redaction));
  CHECK(!other.output().empty());
  try {
    config.bytes(DMVR_PART_POLICY, "own.toml", "[policy]\nname = 'p'\nversion = '1'\nnosuch = 1\n");
    dmv_redact::filter{config};
    CHECK(false);
  } catch (const dmv_redact::error& error) {
    CHECK(error.code == DMVR_CODE_CONFIG && error.file == "own.toml" && error.line == 4 && error.column == 1);
  }
  // What an exception says is the library's whole text: each error with its place and its help, once.
  try {
    dmv_redact::config wrong;
    wrong.bytes(DMVR_PART_POLICY, "own\33.toml",
                "[policy]\nname = 'own'\nversion = '1'\npurpose = ['C']\n[agencies.all]\nori = ['*']\n[[permit]]\nid = 'a'\n"
                "agencies = ['all']\nelements = ['person.birthdate']\n");
    dmv_redact::filter{wrong};
    CHECK(false);
  } catch (const dmv_redact::error& error) {
    const std::string text = error.what();
    CHECK(text == "own\\u{1b}.toml:4:1: unknown key `purpose`; did you mean `purposes`?\n"
                  "own\\u{1b}.toml:10:13: unknown data element `person.birthdate`; did you mean `person.birth-date`?");
  }
}

int main(int count, char** arguments) {
  try {
    CHECK(count == 3);
    run(arguments[1], arguments[2]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
  std::cout << "cpp: done\n";
}
