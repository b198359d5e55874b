//! What the system says about this process, and cases that need a process of their own.

use std::process::Command;

/// What follows `flag` on the command line.
pub(crate) fn arguments(flag: &str) -> Option<Vec<String>> {
    let mut arguments = std::env::args();
    arguments.find(|argument| argument == flag)?;
    Some(arguments.take_while(|argument| !argument.starts_with("--")).collect())
}

/// What a process of its own prints that runs this program with `--child` and these arguments.
///
/// # Panics
/// If it fails.
pub(crate) fn child(arguments: &[&str]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.arg("--child").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A line of `/proc/self/status`, in bytes: `VmRSS` is the memory that the system has given to this process, `VmHWM`
/// the most it ever had.
pub(crate) fn memory(line: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|status| status.strip_prefix(line)?.strip_prefix(':'))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// The processor's time that the main thread has used, in nanoseconds: all of it on a current_thread runtime.
pub(crate) fn cpu() -> Option<u64> {
    let times = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    times.split_whitespace().next()?.parse().ok()
}

/// The processors' time that others have used since the system began, in hundredths of a second: without this process
/// and those it has waited for.
pub(crate) fn others() -> Option<u64> {
    let system = std::fs::read_to_string("/proc/stat").ok()?;
    let all: Vec<u64> = system.lines().next()?.split_whitespace().skip(1).flat_map(str::parse).collect();
    let own = std::fs::read_to_string("/proc/self/stat").ok()?;
    let own: Vec<u64> = own.rsplit_once(')')?.1.split_whitespace().skip(12).take(4).flat_map(str::parse).collect();
    // What is idle, and what waits for a disk, is nobody's.
    let busy = all.iter().take(8).sum::<u64>() - all.get(3)? - all.get(4)?;
    Some(busy.saturating_sub(own.iter().sum()))
}
