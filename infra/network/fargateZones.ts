import type { Architecture } from "../config";

const ofNone = ["apne1-az3", "cnn1-az3", "cnn1-az4", "usw1-az2"];

/**
 * Ids of the zones that Fargate does not run in although whoever had something there before may still use them: in a region that
 * "Supported Regions for Amazon ECS on AWS Fargate" in the ECS Developer Guide gives zones for, all but those. NAT gateways cannot be
 * made in them, either ("Troubleshoot NAT gateways" in the VPC User Guide: NotAvailableInZone). One more is named by "64-bit ARM
 * workloads on Amazon ECS". An id means the same zone in every account, a zone's name does not.
 */
export const zonesWithoutFargate: Readonly<Record<Architecture, readonly string[]>> = {
    x86_64: ofNone,
    arm64: [...ofNone, "use1-az3"],
};
