//! A run of cases as JUnit XML, which CI servers read. Test names are the cases' names, which are unique.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::super::outcome::CaseOutcome;
use super::super::run::CaseRun;
use dmv_redact_model::escape::escape;

/// The report of a run.
pub fn junit(run: &CaseRun) -> Result<String, String> {
    let mut suite = TestSuite::new("policy cases");
    suite.add_test_cases(run.cases.iter().map(test_case));
    let mut report = Report::new("dmv-redact test");
    report.add_test_suite(suite);
    report.to_string().map_err(|error| error.to_string())
}

fn test_case(case: &CaseOutcome) -> TestCase {
    let status = match case.faults.as_slice() {
        [] => TestCaseStatus::success(),
        faults => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let kinds: Vec<&str> = faults.iter().map(|fault| fault.what).collect();
            status.set_message(kinds.join(", "));
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            status.set_description(faults.join("\n"));
            status
        }
    };
    let mut test = TestCase::new(escape(&case.name).into_owned(), status);
    test.set_classname(escape(&case.file.to_string_lossy()).into_owned());
    test.add_property(("title", escape(&case.title).as_ref()));
    test
}
