"""The containers of ECS tasks: found by a label, limited as declared, started with the task's own execution role."""

import math
import os
import re
import threading
import time

import docker
from ministack.core import container_reaper
from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs

import health
import registry
import secrets_manager
from permissions import as_task, denial, permits
from replace import existing, replace

LABEL = "fargate-cicd.sandbox"
_STOP = f"{LABEL}.stop"  # the seconds of a container's stopTimeout; docker-py cannot give them to Docker
_PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")

# Seconds until a task that could not start makes way for the next one. ECS waits longer, and longer each time.
RETRY_AFTER = 0.5

# The credentials that the containers of the task being started are pulled with; every task has a thread of its own.
_starting = threading.local()

# The ids of containers that have exited, told of by Docker while it is listened to.
_exited: set[str] = set()
_listening = threading.Event()


def sandbox_id() -> str:
    return os.environ["SANDBOX_ID"]


def _is_ours(image: str) -> bool:
    return image.startswith(f"{registry.host()}/")


class CannotStart(Exception):
    """Why a task cannot start, in the words of ECS."""


def _require(principal, action: str, resource: str, failure: str) -> None:
    if not permits(principal, action, resource, get_region()):
        raise CannotStart(f"{failure}: AccessDeniedException: {denial(principal.arn, action, resource)}")


def prepare(task: dict, definition: dict) -> dict | None:
    """What the agent of ECS does before it starts containers: log in, may pull, may read the secrets, may write the logs.

    :returns: the credentials for the registry, or None when no image comes from it.
    :raises CannotStart: with the reason that `DescribeTasks` shows.
    """
    containers = definition["containerDefinitions"]
    images = [each["image"] for each in containers if _is_ours(each["image"])]
    groups = [config["group"] for each in containers if (config := ecs._awslogs_config(each, "", ""))]
    secrets = secrets_manager.needed(containers)
    if not images and not groups and not secrets:
        return None
    role, task_id = definition.get("executionRoleArn"), task["taskArn"].rsplit("/", 1)[-1]
    if not role:
        raise CannotStart("ResourceInitializationError: the task definition has no execution role to pull, log or read secrets with")
    principal = as_task(role, task_id)
    if isinstance(principal, str):
        raise CannotStart(f"ResourceInitializationError: {principal}")
    for group in groups:
        stream = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}:log-stream:*"
        for action in _LOG:
            _require(principal, action, stream, "ResourceInitializationError: failed to validate logger args")
    for action, resource, failure in secrets:
        _require(principal, action, resource, failure)
    if not images:
        return None
    login = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed"
    _require(principal, "ecr:GetAuthorizationToken", "*", login)
    for image in images:
        for action in _PULL:
            _require(principal, action, registry.repository_arn(image), f"CannotPullContainerError: {image}")
    return {"username": "AWS", "password": registry.issue(lambda: as_task(role, task_id))}


def _check_platform(container, declared: str | None) -> None:
    image = container.image.attrs
    platform = f"{image['Os']}/{image['Architecture']}"
    if declared not in (None, platform):
        message = f"CannotPullContainerError: image is for {platform}, and the task definition's runtimePlatform is {declared}"
        raise CannotStart(message)


def _declare_volumes(docker_client, image: str, mounts: list[dict], credentials) -> None:
    """Has a volume begin as the image has the folder only where the image declares it: "Bind mounts" in the ECS Developer Guide."""
    try:
        declared = docker_client.images.pull(image, auth_config=credentials).attrs["Config"].get("Volumes") or {}
    except docker.errors.APIError:
        return  # it is pulled again, and what is wrong said then
    for mount in mounts:
        mount["VolumeOptions"] = {"NoCopy": mount["Target"] not in declared}


def _remove(docker_client, name: str | None) -> None:
    found = docker_client.containers.list(all=True, filters={"name": f"^/?{re.escape(name)}$"}) if name else []
    container_reaper.drop_containers(found, force=True)


def _listen() -> None:
    client, ours = ecs._get_docker(), f"{LABEL}={sandbox_id()}"
    if client is None:
        return
    events = client.events(decode=True, filters={"event": "die", "label": ours})
    exited = client.containers.list(all=True, sparse=True, filters={"status": "exited", "label": ours})
    _exited.update(each.id for each in exited)
    _listening.set()
    for event in events:
        _exited.add(event["Actor"]["ID"])


def _listen_forever() -> None:
    while True:
        try:
            _listen()
        except Exception:
            pass  # Docker does not run, or not any more: MiniStack asks it
        finally:
            _listening.clear()
        time.sleep(1)


def install() -> None:
    existing(ecs, "_awslogs_config", "cdef task_id container_id")
    existing(container_reaper, "drop_containers", "containers stop_timeout force")

    @replace(container_reaper, "own_labels", "service extra")
    def own_labels(original, service, **extra):
        return {**original(service, **extra), LABEL: sandbox_id()}

    @replace(ecs, "_remove_docker_container", "docker_client container_or_id")
    def remove_docker_container(original, docker_client, container_or_id):
        container = container_or_id
        try:
            if isinstance(container, str):
                container = docker_client.containers.get(container)
            container.stop(timeout=math.ceil(int(container.labels[_STOP]) / health.SPEED))
        except Exception:
            pass  # it has gone meanwhile, or has no stopTimeout: the original does what is left
        original(docker_client, container)

    @replace(ecs, "_maybe_mark_stopped", "task docker_client")
    def maybe_mark_stopped(original, task, docker_client=None):
        # Twice in each tenth of a second it asks Docker of each container, which is most of what an idle emulator does.
        if not _listening.is_set() or not _exited.isdisjoint(task.get("_docker_ids") or []):
            original(task, docker_client)

    threading.Thread(target=_listen_forever, daemon=True, name="docker-events").start()

    @replace(ecs, "_fail_task_start", "task docker_client reason")
    def fail_task_start(original, task, docker_client, reason):
        time.sleep(RETRY_AFTER)
        original(task, docker_client, reason)

    @replace(ecs, "_start_task_worker", "task td container_overrides docker_client")
    def start_task_worker(original, task, td, container_overrides, docker_client):
        try:
            _starting.credentials = prepare(task, td)
        except CannotStart as refused:
            ecs._fail_task_start(task, docker_client, str(refused))
            return
        original(task, td, container_overrides, docker_client)

    @replace(ecs, "_resolve_repository_credentials", "cdef")
    def resolve_repository_credentials(original, cdef):
        return getattr(_starting, "credentials", None) if _is_ours(cdef["image"]) else original(cdef)

    @replace(
        ecs,
        "_run_docker_container",
        "docker_client cdef run_kwargs refresh_image allow_cached cache_image fallback_image auth_config",
    )
    def run_docker_container(original, docker_client, cdef, run_kwargs, **options):
        if _is_ours(cdef["image"]):
            # Fargate keeps no images: what the registry no longer has, or refuses, does not start.
            credentials = getattr(_starting, "credentials", None)
            options.update(refresh_image=True, allow_cached=False, auth_config=credentials)
            if run_kwargs.get("mounts"):
                _declare_volumes(docker_client, cdef["image"], run_kwargs["mounts"], credentials)
        # Without the platform MiniStack does not fall back to another one; whether it is the declared one is checked here.
        declared = run_kwargs.pop("platform", None)
        try:
            container = original(docker_client, cdef, run_kwargs, **options)
            _check_platform(container, declared)
            return container
        except Exception:
            _remove(docker_client, run_kwargs.get("name"))  # Docker keeps a container that it could not start
            raise

    @replace(
        ecs,
        "_build_run_kwargs",
        "cdef td env port_bindings ecs_network host_mode task_id task_arn ministack_net_ip cluster_arn",
    )
    def build_run_kwargs(original, cdef, td, *rest):
        arguments = original(cdef, td, *rest)
        if arguments.get("ports"):
            arguments["ports"] = {port: ("127.0.0.1", host) for port, host in arguments["ports"].items()}
        # Without one MiniStack's own five seconds are enough.
        if cdef.get("stopTimeout"):
            arguments["labels"] = {**arguments["labels"], _STOP: str(cdef["stopTimeout"])}
        memory = cdef.get("memory") or td.get("memory")
        if memory:
            arguments["mem_limit"] = f"{memory}m"
        if cdef.get("user"):
            arguments["user"] = cdef["user"]
        if cdef.get("readonlyRootFilesystem"):
            arguments["read_only"] = True
        empty = {each["name"] for each in td.get("volumes") or [] if not (each.get("host") or {}).get("sourcePath")}
        mounted = [each["containerPath"] for each in cdef.get("mountPoints") or [] if each["sourceVolume"] in empty]
        if mounted:
            # As on Fargate, a volume of the task's own.
            arguments["mounts"] = [{"Type": "volume", "Target": path} for path in mounted]
        return arguments

    @replace(ecs, "_register_task_definition", "data")
    def register_task_definition(original, data):
        refused = secrets_manager.problem(data)
        if refused:
            return ecs.error_response_json("ClientException", refused, 400)
        if "FARGATE" in (data.get("requiresCompatibilities") or []):
            if data.get("networkMode") != "awsvpc":
                message = "Fargate only supports network mode 'awsvpc'."
                return ecs.error_response_json("ClientException", message, 400)
            if not fargate_runs(data.get("cpu"), data.get("memory")):
                message = f"No Fargate configuration exists for given values: {data.get('cpu')} CPU, {data.get('memory')} memory."
                return ecs.error_response_json("ClientException", message, 400)
        return original(data)


def fargate_runs(cpu: str | None, memory: str | None) -> bool:
    """Whether Fargate has a size with this CPU (1024 is one vCPU) and memory (MiB)."""
    sizes = {
        256: [512, 1024, 2048],
        512: range(1024, 4097, 1024),
        1024: range(2048, 8193, 1024),
        2048: range(4096, 16385, 1024),
        4096: range(8192, 30721, 1024),
        8192: range(16384, 61441, 4096),
        16384: range(32768, 122881, 8192),
    }
    return str(memory).isdecimal() and str(cpu).isdecimal() and int(memory or 0) in sizes.get(int(cpu or 0), [])


def remove_leftovers() -> int:
    """Removes the containers of an earlier emulator of this sandbox, which was killed. Returns how many."""
    client = ecs._get_docker()
    if client is None:
        return 0
    found = client.containers.list(all=True, filters={"label": f"{LABEL}={sandbox_id()}"})
    return container_reaper.drop_containers(found, force=True)
