from tortoise import migrations
from tortoise.migrations import operations as ops

class Migration(migrations.Migration):
    dependencies = [('paygate', '0014_allowed_origins')]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name='MerchantRow',
            options={'table': 'merchants', 'app': 'paygate', 'pk_attr': 'id', 'table_description': "Who gets the money. The webhook's columns and the origins may be set by SQL."},
        ),
        ops.DeleteModel(name='ApiKeyRow'),
        ops.DeleteModel(name='AuditRow'),
        ops.DeleteModel(name='DecisionRow'),
        ops.DeleteModel(name='DeliveryAttemptRow'),
        ops.DeleteModel(name='EndpointRow'),
        ops.DeleteModel(name='LoginTriesRow'),
        ops.DeleteModel(name='PluginSettingRow'),
        ops.DeleteModel(name='SessionRow'),
        ops.DeleteModel(name='TestClockRow'),
        ops.DeleteModel(name='UserRow'),
    ]
