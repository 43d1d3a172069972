use super::{Verdict, judge};
use crate::reachability::shell::steps;
use crate::reachability::texts::ShownText;
use crate::reachability::user_data::{System, read};

const UBUNTU: System = System::Linux(&["iptables", "ufw"]);

fn linux(script: &str, system: System) -> Verdict {
    let mut steps = steps(script).unwrap();
    judge(&mut steps, system, false)
}

fn windows(script: &str) -> Verdict {
    let text = ShownText::new(script, true);
    let mut runs = read(&text, System::Windows);
    judge(&mut runs.steps, System::Windows, true)
}

const ACCEPT_OUTPUT: &str = "iptables -A OUTPUT -o lo -j ACCEPT
iptables -A OUTPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
iptables -A OUTPUT -p tcp -m multiport --dports 80,443 -j ACCEPT
iptables -A OUTPUT -p udp --dport domain -j ACCEPT
iptables -P OUTPUT DROP
";

#[test]
fn rules_that_pass_the_agent() {
    for script in [
        "iptables -I OUTPUT -p tcp --dport 25 -j REJECT",
        "iptables -A OUTPUT -p udp --dport 443 -j DROP",
        "iptables -A OUTPUT ! -o lo -p tcp --dport 1:79 -j DROP",
        "iptables -A OUTPUT -d 169.254.169.254 -m owner ! --uid-owner root -j DROP",
        "iptables -A OUTPUT -d 169.254.169.254 -m owner --uid-owner nginx -j DROP",
        "iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\niptables -A INPUT -i lo -j ACCEPT\niptables -P INPUT DROP",
        "iptables -A INPUT -p tcp --dport 22 -j DROP",
        "iptables -P FORWARD DROP",
        "iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE",
        "ip6tables -P OUTPUT DROP",
        "iptables -P OUTPUT DROP\niptables -P OUTPUT ACCEPT",
        "iptables -A OUTPUT -p tcp --dport 443 -j DROP\niptables -F OUTPUT",
        "iptables -A OUTPUT -p tcp --dport 443 -j DROP\niptables -D OUTPUT -p tcp --dport 443 -j DROP",
        "iptables -A OUTPUT -p tcp --dport 443 -j ACCEPT\niptables -A OUTPUT -p tcp --dport 443 -j DROP",
        "iptables -A OUTPUT -p tcp --dport 443 -j LOG --log-prefix 'out '",
        "if [ \"$X\" = y ]; then iptables -A OUTPUT -p tcp --dport 443 -j ACCEPT; fi",
        ACCEPT_OUTPUT,
        "ufw default deny outgoing\nufw disable",
        "ufw default deny outgoing",
        "ufw default deny incoming\nufw deny 443\nufw --force enable",
        "ufw default deny outgoing\nufw allow out 443/tcp\nufw allow out 53\nufw allow out to 169.254.169.254 port 80 proto tcp\nufw enable",
        "ufw allow out 443\nufw deny out 443\nufw enable",
        "ufw deny out 25/tcp\nufw enable",
        "apt-get install -y nginx",
    ] {
        assert_eq!(linux(script, UBUNTU), Verdict::Passes, "{script}");
    }
}

#[test]
fn rules_that_drop_packets_of_the_agent() {
    for (script, what) in [
        ("iptables -I OUTPUT -p tcp --dport 443 -j REJECT", "HTTPS"),
        ("iptables -P OUTPUT DROP", "HTTPS"),
        ("iptables -P INPUT DROP", "HTTPS"),
        (
            "iptables -A OUTPUT -d 169.254.0.0/16 -j DROP",
            "the instance metadata service",
        ),
        (
            "iptables -A OUTPUT -d 169.254.169.254 -m owner --uid-owner 0 -j DROP",
            "the instance metadata service",
        ),
        ("iptables -A OUTPUT -p udp --dport 53 -j DROP", "DNS"),
        (
            "iptables -A OUTPUT -p tcp --dport 443 -j DROP\niptables -A OUTPUT -p tcp --dport 443 -j ACCEPT",
            "HTTPS",
        ),
        (
            "iptables -A OUTPUT -p tcp --dport 443 -j ACCEPT\niptables -I OUTPUT 1 -p tcp --dport 443 -j DROP",
            "HTTPS",
        ),
        ("ufw default deny outgoing\nufw --force enable", "HTTPS"),
        (
            "ufw allow out 53\nufw default reject outgoing\nufw allow out 443/tcp\nufw --force enable",
            "the instance metadata service",
        ),
        ("ufw deny out 443/tcp\nufw --force enable", "HTTPS"),
        (
            "PORT=443\niptables -A OUTPUT -p tcp --dport $PORT -j DROP",
            "HTTPS",
        ),
        (
            "for p in 80 443; do iptables -A OUTPUT -p tcp --dport $p -j DROP; done",
            "HTTPS",
        ),
    ] {
        assert_eq!(linux(script, UBUNTU), Verdict::Drops(what), "{script}");
    }
}

#[test]
fn what_only_the_instance_knows_is_unclear() {
    for script in [
        "iptables -A OUTPUT -p tcp --dport 443 -d 10.0.0.0/8 -j DROP",
        "iptables -A OUTPUT -p tcp --dport 443 -m limit --limit 5/min -j DROP",
        "iptables -A OUTPUT -p tcp --dport 443 -m set --match-set bad dst -j DROP",
        "iptables -A OUTPUT -j DOCKER",
        "iptables -A OUTPUT -o ens5 -j DROP",
        "iptables -A OUTPUT -p tcp --dport $PORT -j DROP",
        "iptables -A $CHAIN -j DROP",
        "iptables -A OUTPUT -o lo -j DROP",
        "iptables -t mangle -A OUTPUT -p tcp --dport 443 -j DROP",
        "iptables -t nat -A OUTPUT -p tcp --dport 443 -j REDIRECT --to-ports 3128",
        "iptables -D OUTPUT 1",
        "if [ \"$X\" = y ]; then iptables -P OUTPUT DROP; fi",
        "iptables -P OUTPUT DROP\nreboot",
        "ufw default deny outgoing\nufw allow out Apache\nufw --force enable",
        "ufw default deny outgoing\nif [ -f /x ]; then ufw enable; fi",
        "ufw deny out to 10.0.0.0/8\nufw --force enable",
    ] {
        assert_eq!(linux(script, UBUNTU), Verdict::Unclear, "{script}");
    }
    // The image does not show the tool.
    for script in [
        "iptables -P OUTPUT DROP",
        "ufw default deny outgoing\nufw --force enable",
    ] {
        assert_eq!(
            linux(script, System::Linux(&[])),
            Verdict::Unclear,
            "{script}"
        );
    }
    let installed = "dnf install -y iptables-nft\niptables -P OUTPUT DROP";
    assert_eq!(
        linux(installed, System::Linux(&[])),
        Verdict::Drops("HTTPS")
    );
}

#[test]
fn rules_of_windows() {
    let powershell = |it: &str| windows(&format!("<powershell>\n{it}\n</powershell>"));
    for script in [
        "New-NetFirewallRule -DisplayName 'a' -Direction Inbound -LocalPort 443 -Protocol TCP -Action Block",
        "New-NetFirewallRule -DisplayName a -Direction Outbound -Protocol TCP -RemotePort 25 -Action Block",
        "New-NetFirewallRule -DisplayName a -Direction Outbound -RemotePort 443 -Protocol TCP -Action Block -Enabled False",
        "New-NetFirewallRule -DisplayName a -Direction Outbound -Protocol TCP -RemotePort 443 -Action Allow",
        "Set-NetFirewallProfile -Profile Domain,Public,Private -Enabled False",
        "Set-NetFirewallProfile -All -DefaultInboundAction Block -DefaultOutboundAction Allow",
        "netsh advfirewall set allprofiles firewallpolicy blockinbound,allowoutbound",
        "netsh advfirewall firewall add rule name=x dir=in action=block protocol=TCP localport=443",
        "netsh advfirewall set allprofiles firewallpolicy blockinbound,blockoutbound\nnetsh advfirewall firewall add rule name=x dir=out action=allow protocol=TCP remoteport=443\nnetsh advfirewall firewall add rule name=y dir=out action=allow remoteip=169.254.169.254",
    ] {
        assert_eq!(powershell(script), Verdict::Passes, "{script}");
    }
    for script in [
        "New-NetFirewallRule -DisplayName 'a b' -Direction Outbound -Protocol TCP -RemotePort 443 -Action Block",
        "Set-NetFirewallProfile -Profile Domain,Public,Private -DefaultOutboundAction Block",
        "netsh advfirewall set allprofiles firewallpolicy blockinbound,blockoutbound",
        "netsh.exe advfirewall firewall add rule name=\"no https\" dir=out action=block protocol=TCP remoteport=443",
        "Write-Host ready; New-NetFirewallRule -Name a -Direction Outbound -Action Block",
    ] {
        assert_eq!(powershell(script), Verdict::Drops("HTTPS"), "{script}");
    }
    for script in [
        "New-NetFirewallRule -DisplayName a -Direction Outbound -Program C:\\x.exe -Action Block",
        "Set-NetFirewallProfile -Profile Public -DefaultOutboundAction Block",
        "New-NetFirewallRule -DisplayName a -Direction $dir -RemotePort 443 -Protocol TCP -Action Block",
        "if ($x) {\nNew-NetFirewallRule -DisplayName a -Direction Outbound -Action Block\n}",
        "function Lock {\nNew-NetFirewallRule -DisplayName a -Direction Outbound -Action Block\n}",
        "Set-NetFirewallRule -DisplayName a -Action Block",
        "netsh advfirewall import C:\\policy.wfw",
    ] {
        assert_eq!(powershell(script), Verdict::Unclear, "{script}");
    }
}
