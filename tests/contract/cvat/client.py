"""Drives a CVAT with its own SDK: a task from files, annotations, frames, an export and its import."""
import io
import json
import os
import sys

from cvat_sdk import make_client, models
from cvat_sdk.core.proxies.tasks import ResourceType
from PIL import Image

url, folder = sys.argv[1:]
path = lambda name: os.path.join(folder, name)
shape = models.LabeledShapeRequest
sizes = [(64, 48), (32, 32)]
for index, size in enumerate(sizes):
    Image.new("RGB", size, (200, 40 * index, 10)).save(path(f"{index}.{'jpg' if index == 0 else 'png'}"))

with make_client(url, credentials=("checker", os.environ["PASS"])) as client:
    client.config.status_check_period = 0.2

    def create(name):
        return client.tasks.create_from_data(
            spec={"name": name, "labels": [{"name": "car"}, {"name": "person", "color": "#00ff00"}]},
            resource_type=ResourceType.LOCAL,
            resources=[path("0.jpg"), path("1.png")],
            data_params={"image_quality": 90},
        )

    task = create("sdk")
    labels = {label.name: label.id for label in task.get_labels()}
    task.set_annotations(models.LabeledDataRequest(
        shapes=[
            shape(type="rectangle", frame=0, label_id=labels["car"], points=[5.0, 6.0, 30.0, 25.0]),
            shape(type="polygon", frame=1, label_id=labels["person"], points=[1.0, 1.0, 20.0, 1.0, 9.0, 20.0]),
        ],
        tags=[models.LabeledImageRequest(frame=1, label_id=labels["person"])],
    ))
    read = task.get_annotations()
    frames = [Image.open(io.BytesIO(task.get_frame(n, quality="original").read())).size for n in range(2)]
    for name in ["COCO 1.0", "YOLO 1.1", "PASCAL VOC 1.1", "CVAT for images 1.1"]:
        task.export_dataset(name, path(f"{name}.zip"), include_images=False)
    second = create("second")
    second.import_annotations("CVAT 1.1", path("CVAT for images 1.1.zip"))
    copied = second.get_annotations()
    mine = client.tasks.list()
    jobs = task.get_jobs()
    result = {
        "size": task.size,
        "shapes": [[s.type.value, s.frame, list(s.points)] for s in read.shapes],
        "tags": len(read.tags),
        "frames": frames,
        "copied": [[s.type.value, s.frame, list(s.points)] for s in copied.shapes],
        "tasks": sorted(t.name for t in mine),
        "jobs": len(jobs),
        "user": client.users.retrieve_current_user().username,
    }
    task.remove()
    second.remove()
    print(json.dumps(result))
