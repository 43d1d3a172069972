//! Lines of a script that change what the connections of SSM Agent depend on.

use super::script_text::commands;

/// Words of a line: all of a row, each with its alternatives. A word with a capital letter matches in
/// that case only.
type Words = &'static [&'static [&'static str]];

/// What a script can change, and the words of the lines that do.
const CHANGES: &[(&str, Words)] = &[
    (
        "the service or the settings of SSM Agent",
        &[
            &["systemd/system/amazon-ssm-agent|systemd/system/snap.amazon-ssm-agent"],
            &["systemctl edit|systemctl set-property", "ssm-agent"],
            &["/etc/amazon/ssm|/var/lib/amazon/ssm"],
            &["/etc/init/amazon-ssm-agent"],
            // The agent of Ubuntu is a snap.
            &["apt |apt-get |dpkg ", "remove|purge|-r |-P ", "snapd"],
            &["systemctl ", "stop|disable|mask", "snapd"],
            &["programdata\\amazon\\ssm|\\amazon\\ssm\\amazon-ssm-agent.json"],
        ],
    ),
    (
        "a firewall",
        &[
            &["iptables", "OUTPUT"],
            &["-A OUTPUT|-I OUTPUT|-P OUTPUT|:OUTPUT DROP"],
            &["iptables", " -P ", "DROP"],
            &["iptables-restore"],
            &["nft ", "output"],
            &["nft -f"],
            &["hook output|hook postrouting"],
            &["ufw ", "deny|reject", " out"],
            &["default_output_policy|/etc/ufw/"],
            &["firewall-cmd", "--direct|--policy|--panic-on"],
            &["/etc/firewalld/", "direct|polic|firewalld.conf"],
            &["netsh ", "advfirewall", "out|import"],
            &["netfirewall", "outbound"],
            &["new-netfirewallrule", " @"],
        ],
    ),
    (
        "routes or network interfaces",
        &[
            &[
                "ip route |ip -4 route ",
                "add|del|replace|change|flush",
                "default|blackhole|unreachable|prohibit|0.0.0.0",
            ],
            &["route add|route -p add|route del", "default|0.0.0.0|reject"],
            &["new-netroute|remove-netroute|set-netroute", "0.0.0.0"],
            &["ip link", " down"],
            &["ifconfig ", " down"],
            &["ifdown "],
            &["disable-netadapter"],
            &["systemctl ", "stop|disable|mask", "network"],
            &["allowedips", "0.0.0.0/0"],
        ],
    ),
    (
        "the resolution of names",
        &[
            &["/etc/resolv.conf|resolved.conf|resolv_conf|/etc/resolvconf|/etc/nsswitch.conf"],
            &["resolvectl ", "dns|domain"],
            &["systemctl ", "stop|disable|mask", "resolved"],
            &["dhclient.conf"],
            &[
                "systemd/network/|ifcfg-|netplan/|networkmanager/|nmcli ",
                "dns|nameserver",
            ],
            &["dnsclientserveraddress|dnsclientnrptrule"],
            &["netsh ", "dns"],
            &["/etc/hosts|\\etc\\hosts", "amazonaws.com"],
            &["127.0.0.1 |0.0.0.0 |::1 ", "amazonaws.com"],
        ],
    ),
    (
        "a proxy",
        &[
            &["amazon-ssm-agent", "proxy"],
            &["defaultenvironment|systemctl set-environment", "_proxy"],
            &["netsh ", "winhttp"],
            &["setieproxy"],
            &[
                "itemproperty|reg add|reg.exe add",
                "_proxy|proxyserver|autoconfigurl",
            ],
            &["setenvironmentvariable|setx ", "_proxy"],
        ],
    ),
    (
        "trusted certificates",
        &[
            &[
                "rm |mv |ln |unlink |truncate |> |cp |file ",
                "ca-bundle|tls-ca-bundle|certs/ca-certificates.crt",
            ],
            &[
                "rm |mv |unlink |remove|erase|purge",
                "ca-trust|ca-certificates|/etc/ssl/certs|/etc/pki/tls/certs",
            ],
            &["ca-trust/source/blacklist|ca-trust/source/blocklist|trust anchor --remove"],
            &["remove_defaults|remove-defaults", "true"],
            &["remove-item", "cert:\\localmachine"],
            &["certutil", "-delstore"],
        ],
    ),
    (
        "the clock",
        &[&["timedatectl set-time |date -s |date --set|hwclock --set|set-date "]],
    ),
    (
        "the metadata service or the role",
        &[
            &[
                "modify-instance-metadata-options|ec2instancemetadataoption",
                "endpoint",
                "disabled",
            ],
            &["disable_ec2_metadata", "true"],
            &["disassociate-iam-instance-profile|replace-iam-instance-profile-association"],
            &["modify-instance-attribute", "--groups"],
        ],
    ),
    (
        "the credentials of root",
        &[
            &[
                "root/.aws/|~/.aws/|$home/.aws/|${home}/.aws/|systemprofile\\.aws\\",
                "credentials",
            ],
            &[
                "aws configure set",
                "aws_access_key_id|aws_secret_access_key",
            ],
        ],
    ),
    (
        "whether the instance runs",
        &[
            &["shutdown -h|shutdown now|shutdown -P|poweroff|init 0|power_state|stop-computer"],
            &["shutdown /s|shutdown -s|shutdown.exe /s|shutdown.exe -s|shutdown /p"],
            &["systemctl halt|systemctl isolate"],
            &["stop-instances|terminate-instances"],
        ],
    ),
];

/// Words of a line that only reads files.
const READS: &[&str] = &[
    "cat ", "grep ", "awk ", "ls ", "if [", "test ", "tail ", "head ",
];

/// Words of a line that can do more than read.
const WRITES: &[&str] = &[
    ">", "tee ", "sed ", "rm ", "mv ", "cp ", "ln ", "file ", "&&", "||", ";", "xargs",
];

fn has_any(line: &str, words: &[&str]) -> bool {
    words.iter().any(|word| line.contains(word))
}

/// Returns what the lines of a script can change.
pub(super) fn change(text: &str) -> Option<&'static str> {
    let lines = || {
        text.lines()
            .map(str::trim)
            .filter(|it| !it.starts_with('#'))
    };
    let changed = CHANGES.iter().find(|(_, rows)| {
        let matches = |line: &str| rows.iter().any(|row| matches(line, row));
        lines().any(matches)
    });
    let halts = |line: &str| commands(line).any(|it| it.split(' ').next() == Some("halt"));
    match changed {
        Some((what, _)) => Some(what),
        None if lines().any(halts) => Some("whether the instance runs"),
        None => None,
    }
}

fn matches(line: &str, row: &[&str]) -> bool {
    let lower = line.to_ascii_lowercase();
    if has_any(&lower, READS) && !has_any(&lower, WRITES) {
        return false;
    }
    let contains = |word: &str| match word.contains(|c: char| c.is_ascii_uppercase()) {
        true => line.contains(word),
        false => lower.contains(word),
    };
    row.iter().all(|word| word.split('|').any(contains))
}

#[cfg(test)]
mod tests {
    use super::change;

    #[test]
    fn lines_that_the_connections_depend_on_are_found() {
        for line in [
            "file /etc/systemd/system/amazon-ssm-agent.service.d/x.conf: ExecStart=",
            "rm -rf /etc/amazon/ssm",
            "iptables -A OUTPUT -p tcp --dport 443 -j DROP",
            "file /etc/sysconfig/iptables: :OUTPUT DROP [0:0]",
            "ufw default deny outgoing",
            "ufw deny out 443",
            "file /etc/nftables.conf: type filter hook output priority 0; policy drop;",
            "netsh advfirewall set allprofiles firewallpolicy blockinbound,blockoutbound",
            "ip route replace blackhole 169.254.169.254",
            "echo DNS=10.99.0.2 >> /etc/systemd/resolved.conf",
            "resolvectl dns eth0 1.1.1.1",
            "systemctl disable --now systemd-resolved",
            "Add-Content $hosts '127.0.0.1 ssm.eu-west-1.amazonaws.com'",
            "New-ItemProperty $key Environment -Value 'https_proxy=10.0.0.1:3128'",
            "rm -f /etc/pki/tls/certs/ca-bundle.crt",
            "aws ec2 modify-instance-metadata-options --http-endpoint disabled",
            "cat > ~root/.aws/credentials <<'EOF'",
            "date -s 2020-01-01",
            "halt",
            "yum update -y && halt -p",
        ] {
            assert!(change(line).is_some(), "{line}");
        }
        for line in [
            "# ufw deny out 443",
            "ufw default allow outgoing",
            "iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE",
            "netsh advfirewall firewall add rule name=web dir=in action=allow",
            "file /etc/systemd/system/docker.service.d/p.conf: Environment=\"HTTPS_PROXY=http://p:1\"",
            "export https_proxy=http://proxy.example:3128",
            "ip route show default",
            "aws ec2 replace-route --destination-cidr-block 0.0.0.0/0 --instance-id i-1",
            "timedatectl set-timezone Europe/Berlin",
            "grep nameserver /etc/resolv.conf",
            "NAMES=$(cat /etc/resolv.conf | awk '{print $2}')",
            "echo '172.31.4.50 db.internal.example' >> /etc/hosts",
            "cp corp.pem /etc/pki/ca-trust/source/anchors/ && update-ca-trust",
            "aws configure set region eu-west-1",
            "aws ec2 modify-instance-metadata-options --http-tokens required",
            "mkdir -p ~root/.aws",
            "echo asphalt",
        ] {
            assert_eq!(change(line), None, "{line}");
        }
    }
}
