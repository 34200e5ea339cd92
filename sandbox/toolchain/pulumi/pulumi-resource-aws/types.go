package main

import "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

var resources = map[string]string{
	"acm_certificate":                   "acm/Certificate",
	"acm_certificate_validation":        "acm/CertificateValidation",
	"appautoscaling_policy":             "appautoscaling/Policy",
	"appautoscaling_scheduled_action":   "appautoscaling/ScheduledAction",
	"appautoscaling_target":             "appautoscaling/Target",
	"cloudwatch_dashboard":              "cloudwatch/Dashboard",
	"cloudwatch_event_rule":             "cloudwatch/EventRule",
	"cloudwatch_event_target":           "cloudwatch/EventTarget",
	"cloudwatch_log_group":              "cloudwatch/LogGroup",
	"cloudwatch_metric_alarm":           "cloudwatch/MetricAlarm",
	"default_security_group":            "ec2/DefaultSecurityGroup",
	"ec2_managed_prefix_list":           "ec2/ManagedPrefixList",
	"ecr_lifecycle_policy":              "ecr/LifecyclePolicy",
	"ecr_repository":                    "ecr/Repository",
	"ecs_cluster":                       "ecs/Cluster",
	"ecs_cluster_capacity_providers":    "ecs/ClusterCapacityProviders",
	"ecs_service":                       "ecs/Service",
	"ecs_task_definition":               "ecs/TaskDefinition",
	"eip":                               "ec2/Eip",
	"flow_log":                          "ec2/FlowLog",
	"iam_openid_connect_provider":       "iam/OpenIdConnectProvider",
	"iam_role":                          "iam/Role",
	"iam_role_policy":                   "iam/RolePolicy",
	"iam_role_policy_attachment":        "iam/RolePolicyAttachment",
	"internet_gateway":                  "ec2/InternetGateway",
	"lb":                                "lb/LoadBalancer",
	"lb_listener":                       "lb/Listener",
	"lb_listener_rule":                  "lb/ListenerRule",
	"lb_target_group":                   "lb/TargetGroup",
	"nat_gateway":                       "ec2/NatGateway",
	"route":                             "ec2/Route",
	"route53_record":                    "route53/Record",
	"route_table":                       "ec2/RouteTable",
	"route_table_association":           "ec2/RouteTableAssociation",
	"s3_bucket":                         "s3/Bucket",
	"s3_bucket_lifecycle_configuration": "s3/BucketLifecycleConfiguration",
	"s3_bucket_public_access_block":     "s3/BucketPublicAccessBlock",
	"s3_bucket_policy":                  "s3/BucketPolicy",
	"scheduler_schedule":                "scheduler/Schedule",
	"scheduler_schedule_group":          "scheduler/ScheduleGroup",
	"secretsmanager_secret":             "secretsmanager/Secret",
	"secretsmanager_secret_version":     "secretsmanager/SecretVersion",
	"security_group":                    "ec2/SecurityGroup",
	"sns_topic":                         "sns/Topic",
	"sns_topic_policy":                  "sns/TopicPolicy",
	"sns_topic_subscription":            "sns/TopicSubscription",
	"sqs_queue":                         "sqs/Queue",
	"sqs_queue_policy":                  "sqs/QueuePolicy",
	"subnet":                            "ec2/Subnet",
	"vpc":                               "ec2/Vpc",
	"vpc_endpoint":                      "ec2/VpcEndpoint",
	"vpc_security_group_egress_rule":    "vpc/SecurityGroupEgressRule",
	"vpc_security_group_ingress_rule":   "vpc/SecurityGroupIngressRule",
	"wafv2_web_acl_association":         "wafv2/WebAclAssociation",
}

var functions = map[string]string{
	"availability_zones":          "index/getAvailabilityZones",
	"caller_identity":             "index/getCallerIdentity",
	"ecr_authorization_token":     "ecr/getAuthorizationToken",
	"ecs_service":                 "ecs/getService",
	"ecs_task_definition":         "ecs/getTaskDefinition",
	"iam_openid_connect_provider": "iam/getOpenIdConnectProvider",
	"partition":                   "index/getPartition",
	"region":                      "index/getRegion",
	"route53_zone":                "route53/getZone",
	"route_table":                 "ec2/getRouteTable",
	"route_tables":                "ec2/getRouteTables",
	"secretsmanager_secret":       "secretsmanager/getSecret",
	"subnet":                      "ec2/getSubnet",
	"subnets":                     "ec2/getSubnets",
	"vpc":                         "ec2/getVpc",
	"vpc_dhcp_options":            "ec2/getVpcDhcpOptions",
	"vpcs":                        "ec2/getVpcs",
}

type fields = map[string]*tfbridge.SchemaInfo

var managed = &tfbridge.DefaultInfo{Value: "Managed by Pulumi"}

func document() *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{Type: "string", Transform: tfbridge.TransformJSONDocument}
}

// Where @pulumi/aws differs from the bridge's own names.
var overrides = map[string]fields{
	"cloudwatch_event_rule":   {"name": tfbridge.AutoName("name", 64, "-")},
	"cloudwatch_metric_alarm": {"alarm_name": tfbridge.AutoName("name", 255, "-")},
	"default_security_group":  {"ingress": {Name: "ingress"}, "egress": {Name: "egress"}},
	"ec2_managed_prefix_list": {"name": tfbridge.AutoName("name", 255, "-")},
	"ecr_lifecycle_policy":    {"policy": document()},
	"ecs_service":             {"load_balancer": {Name: "loadBalancers", MaxItemsOne: tfbridge.False()}},
	"iam_role":                {"name": tfbridge.AutoName("name", 64, "-"), "assume_role_policy": document()},
	"iam_role_policy":         {"policy": document()},
	"lb":                      {"name": tfbridge.AutoName("name", 32, "-")},
	"lb_target_group":         {"name": tfbridge.AutoName("name", 32, "-")},
	"route53_record":          {"name": {Name: "name"}, "alias": {Name: "aliases", MaxItemsOne: tfbridge.False()}},
	"s3_bucket":               {"bucket": tfbridge.AutoName("bucket", 63, "-")},
	"s3_bucket_policy":        {"policy": document()},
	"security_group": {
		"description": {Default: managed},
		"ingress":     {Name: "ingress"},
		"egress":      {Name: "egress"},
	},
	"sqs_queue":              {"name": tfbridge.AutoName("name", 80, "-")},
	"sns_topic":              {"name": tfbridge.AutoName("name", 80, "-")},
	"sns_topic_policy":       {"policy": document()},
	"sns_topic_subscription": {"topic_arn": {Name: "topic"}},
}
