"""Reads load balancers, target groups and listeners."""

from account_state.forms import Set, tags_of, without


class Elbv2:
    """The part of `State` that reads Elastic Load Balancing."""

    def read_load_balancers(self):
        balancers = self.emulator.list_all("elbv2", "describe_load_balancers", "LoadBalancers")
        for balancer in balancers:
            arn = balancer["LoadBalancerArn"]
            facts = {
                # Moto stores no default.
                "scheme": balancer.get("Scheme", "internet-facing"),
                "type": balancer.get("Type", "application"),
                "vpc": balancer["VpcId"],
                "groups": Set(balancer.get("SecurityGroups", [])),
                "subnets": Set(zone["SubnetId"] for zone in balancer["AvailabilityZones"]),
                "addresses": balancer.get("IpAddressType"),
                "tags": self.tags_of_balancer(arn),
            }
            ids = [arn, balancer["DNSName"], balancer["LoadBalancerName"]]
            self.add("load balancer", ids, facts["tags"].get("Name", ""), facts)
        for group in self.emulator.list_all("elbv2", "describe_target_groups", "TargetGroups"):
            arn = group["TargetGroupArn"]
            health = self.emulator.client("elbv2").describe_target_health(TargetGroupArn=arn)
            named = ("TargetGroupArn", "TargetGroupName", "LoadBalancerArns")
            facts = {
                **without(group, *named),
                "targets": Set(found["Target"] for found in health["TargetHealthDescriptions"]),
                "tags": self.tags_of_balancer(arn),
            }
            self.add("target group", [arn, group["TargetGroupName"]], facts["tags"].get("Name", ""), facts)
        for balancer in balancers:
            pending = {"LoadBalancerArn": balancer["LoadBalancerArn"]}
            for listener in self.emulator.list_all("elbv2", "describe_listeners", "Listeners", **pending):
                arn = listener["ListenerArn"]
                actions = sorted(listener["DefaultActions"], key=lambda action: action.get("Order", 1))
                facts = {
                    **without(listener, "ListenerArn"),
                    "DefaultActions": [without(action, "Order") for action in actions],
                    "tags": self.tags_of_balancer(arn),
                }
                self.add("listener", [arn], facts["tags"].get("Name", ""), facts)

    def tags_of_balancer(self, arn):
        found = self.emulator.client("elbv2").describe_tags(ResourceArns=[arn])["TagDescriptions"]
        return tags_of(found[0])
