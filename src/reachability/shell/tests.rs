use super::steps;

/// Returns the lines of a script, with `?` before those that run only perhaps.
fn read(script: &str) -> Vec<String> {
    let steps = steps(script).unwrap_or_else(|| panic!("{script}"));
    let line = |it: &super::Step| format!("{}{}", if it.is_certain { "" } else { "? " }, it.text);
    // The commands of a pipeline also have their words only.
    let shown = steps.iter().filter(|it| !it.text.is_empty());
    shown.map(line).collect()
}

#[test]
fn commands_that_run() {
    let mut wrong = Vec::new();
    for (script, lines) in [
        ("#!/bin/sh\n# stop a\nstop b # stop c\n", vec!["stop b"]),
        (
            "echo 'stop a'\nprintf x >> /var/log/x\nlogger stop a",
            vec![],
        ),
        ("f() {\n  stop a\n}\necho f", vec![]),
        ("f() { stop a; }\nf", vec!["stop a"]),
        (
            "function f { stop $1; }\nf a\nf b",
            vec!["stop a", "stop b"],
        ),
        ("f() { stop a; }\nmain() { f; }\nmain 2>&1", vec!["stop a"]),
        (
            "f() { stop a; }\ntrap f EXIT",
            vec!["trap f EXIT", "? stop a"],
        ),
        ("f() { stop a; }\n$1", vec!["$1", "? stop a"]),
        ("stop a\nexit 0\nstop b", vec!["stop a"]),
        ("if [ -f /x ]; then exit; fi\nstop b", vec!["? stop b"]),
        ("(exit 1)\nstop b", vec!["stop b"]),
        ("set -e\nfalse\nstop a", vec![]),
        ("false\nstop a", vec!["stop a"]),
        ("set -e\nfalse || true\nstop a", vec!["stop a"]),
        ("if false; then stop a; else stop b; fi", vec!["stop b"]),
        (
            "if [ a = b ]; then stop a; elif true; then stop c; else stop b; fi",
            vec!["stop c"],
        ),
        (
            "if [ \"$E\" = prod ]; then stop a; else stop b; fi",
            vec!["? stop a", "? stop b"],
        ),
        ("E=dev\nif [[ $E == prod ]]; then stop a; fi", vec!["E=dev"]),
        (
            "E=dev\nsource /etc/env\nif [ $E = prod ]; then stop a; fi",
            vec!["E=dev", "source /etc/env", "? stop a"],
        ),
        (
            "E=dev\nif [ -f x ]; then E=prod; fi\n[ $E = prod ] && stop a",
            vec!["E=dev", "? E=prod", "? stop a"],
        ),
        (
            "read E\n[ \"$E\" = x ] && stop a",
            vec!["read E", "? stop a"],
        ),
        (
            "S=a\nstop \"$S\" '$S' ${S}.service",
            vec!["S=a", "stop \"a\" '$S' a.service"],
        ),
        (
            "S=a\nexport S=b\nstop $S",
            vec!["S=a", "export S=b", "stop b"],
        ),
        ("S=$(name)\nstop $S", vec!["S=$(name)", "stop $S"]),
        (
            "true && stop a\nfalse && stop b\ntrue || stop c\nfalse || stop d",
            vec!["stop a", "stop d"],
        ),
        ("grep -q x /y && stop a", vec!["grep -q x /y", "? stop a"]),
        ("install x || exit 1\nstop a", vec!["install x", "stop a"]),
        ("[ -d /x ] || exit 0\nstop a", vec!["? stop a"]),
        ("for s in a b; do stop $s; done", vec!["stop a", "stop b"]),
        ("for s in $(ls); do stop $s; done", vec!["? stop $s"]),
        ("for i in {1..3}; do stop a; done", vec!["stop a"]),
        (
            "while true; do stop a; sleep 1; done\nstop b",
            vec!["stop a", "sleep 1"],
        ),
        (
            "while ! check; do sleep 1; done\nstop b",
            vec!["check", "? sleep 1", "stop b"],
        ),
        (
            "while true; do check && break; done\nstop b",
            vec!["check", "stop b"],
        ),
        ("case x in x) stop a;; *) stop b;; esac", vec!["stop a"]),
        (
            "case $1 in x|y) stop a ;; *) stop b ;; esac",
            vec!["? stop a", "? stop b"],
        ),
        (
            "cat list | while read s; do stop $s; done",
            vec!["cat list", "read s", "? stop $s"],
        ),
        ("a | b\nstop c &\nwait", vec!["a | b", "stop c", "wait"]),
        (
            "cat > /x <<EOF\nstop a\n# c\nEOF\nstop b",
            vec!["cat > /x <<EOF", "file /x: stop a", "stop b"],
        ),
        ("cat <<'EOF'\nstop a\nEOF\nstop b", vec!["stop b"]),
        ("cat > /etc/motd <<EOF\nstop a\nEOF", vec![]),
        (
            "cat > r.txt <<EOF\nstop a\nEOF\nbash r.txt",
            vec!["bash r.txt", "file r.txt: stop a"],
        ),
        (
            "echo 'stop a' > /etc/cron.d/x",
            vec!["file /etc/cron.d/x: stop a"],
        ),
        (
            "{ echo 'stop a'; } > /etc/cron.d/x",
            vec![": > /etc/cron.d/x", "echo 'stop a'"],
        ),
        ("{ echo 'stop a'; } | sh", vec!["echo 'stop a'", "sh"]),
        ("echo 'stop a' | sh", vec!["echo 'stop a' | sh"]),
        (
            "exec > /etc/rc.local\necho 'stop a'",
            vec!["exec > /etc/rc.local", "echo 'stop a'"],
        ),
        (
            "exec > >(tee /var/log/x|logger -t x) 2>&1\necho 'stop a'",
            vec!["exec > >(tee /var/log/x|logger -t x) 2>&1"],
        ),
        (
            "bash <<EOF\nstop a\nexit\nEOF\nstop b",
            vec!["stop a", "stop b"],
        ),
        ("bash -c 'stop a; exit'\nstop b", vec!["stop a", "stop b"]),
        ("eval 'stop a'", vec!["stop a"]),
        (
            "python3 <<EOF\nstop a\nEOF",
            vec!["python3 <<EOF", "? stop a"],
        ),
        ("echo $(stop a)", vec!["echo $(stop a)"]),
        ("X=\"$(stop a)\"", vec!["X=\"$(stop a)\""]),
        (
            "sudo -u root nohup stop a",
            vec!["sudo -u root nohup stop a"],
        ),
        (
            "A=(x y)\nfor s in \"${A[@]}\"; do stop $s; done",
            vec!["A=(x y)", "? stop $s"],
        ),
        ("f() { return; stop a; }\nf\nstop b", vec!["stop b"]),
        (
            "f() { [ -f /x ] && return; stop a; }\nf\nstop b",
            vec!["? stop a", "stop b"],
        ),
    ] {
        let found = read(script);
        if found != lines {
            wrong.push(format!("{script}\n  {found:?}\n  {lines:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn scripts_that_are_not_understood_have_no_steps() {
    for script in [
        "if true; then stop a",
        "echo \"stop a",
        "foo() stop a",
        "case x in",
        ")",
        "done",
        "f() { f; }\nf",
        &"$(".repeat(5000),
        &"{ ".repeat(5000),
        &format!("echo {}", "\"${".repeat(5000)),
    ] {
        assert!(
            steps(script).is_none(),
            "{}",
            script.get(..40).unwrap_or(script)
        );
    }
}
