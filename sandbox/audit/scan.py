"""Has Prowler hold an account against AWS Foundational Security Best Practices, and prints what it finds, one JSON object a line.

    python scan.py --region REGION --exceptions FILE SERVICE...

Through Prowler's SDK: its command line imports what it needs for every other cloud, which is ten times as much to install.
"""

import argparse
import json
import logging
import sys

from prowler.lib.check.compliance_models import Compliance
from prowler.lib.logger import logger
from prowler.lib.scan.scan import Scan
from prowler.providers.aws.aws_provider import AwsProvider


_STANDARD = "aws_foundational_security_best_practices_aws"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--region", required=True)
    parser.add_argument("--exceptions", required=True, help="a mutelist of Prowler's")
    parser.add_argument("services", nargs="+")
    chosen = parser.parse_args()
    logger.handlers = [logging.StreamHandler(sys.stderr)]  # what the emulator does not know is said there, not among the findings
    logger.setLevel(logging.ERROR)
    # Whether a network is used Prowler tells by its interfaces, and those of load balancers and tasks are not emulated.
    provider = AwsProvider(regions={chosen.region}, mutelist_path=chosen.exceptions, scan_unused_services=True)
    standard = {check for each in Compliance.get_bulk("aws")[_STANDARD].Requirements for check in each.Checks}
    checks = sorted(check for check in standard if check.split("_", 1)[0] in chosen.services)
    for _, findings in Scan(provider, checks=checks).scan():
        for each in findings:
            found = {"check": each.metadata.CheckID, "resource": each.resource_uid, "says": each.status_extended}
            print(json.dumps({**found, "status": each.status.value, "excepted": each.muted}), flush=True)


main()
