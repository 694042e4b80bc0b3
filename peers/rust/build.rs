//! Which release of the library this program is built on: Cargo tells a program its own version only, so it is
//! read from the lock file, for the major release whose feature is on.

use std::process::Command;
use std::{env, fs, path::Path};

const MAJORS: [&str; 3] = ["4", "3", "2"];

fn main() {
    let folder = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let lock = Path::new(&folder).join("Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    println!("cargo::rerun-if-changed=build.rs");
    let locked = fs::read_to_string(&lock).expect("cargo writes the lock file before it builds");
    let major = MAJORS
        .iter()
        .find(|major| env::var_os(format!("CARGO_FEATURE_LAPIN_{major}")).is_some())
        .expect("one of the features lapin-2, lapin-3 and lapin-4 is on");
    let release = releases(&locked, "lapin")
        .find(|release| release.split('.').next() == Some(major))
        .expect("the lock file has a release of that major");
    println!("cargo::rustc-env=LIBRARY_RELEASE={release}");
    println!("cargo::rustc-env=RUNTIME={}", compiler());
    println!("cargo::rustc-check-cfg=cfg(events_listener)");
    if minor(release) >= (3, 3) {
        println!("cargo::rustc-cfg=events_listener");
    }
}

/// The releases of a package that a lock file has.
fn releases<'lock>(locked: &'lock str, package: &'lock str) -> impl Iterator<Item = &'lock str> {
    locked.split("[[package]]").filter_map(move |entry| {
        let field = |name: &str| {
            entry.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \"")?.strip_suffix('"'))
        };
        (field("name")? == package).then(|| field("version")).flatten()
    })
}

fn minor(release: &str) -> (u32, u32) {
    let mut parts = release.split('.').map(|part| part.parse().expect("a release starts with numbers"));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

fn compiler() -> String {
    let output = Command::new(env::var_os("RUSTC").expect("cargo sets it"))
        .arg("--version")
        .output()
        .expect("the compiler runs");
    let text = String::from_utf8(output.stdout).expect("its version is text");
    text.split(" (").next().unwrap_or(&text).trim().to_owned()
}
